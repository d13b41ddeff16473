# The running text of a manual page: lines that are no requests, without the escapes of roff, if they read like prose.
/^\.ig/ { ignored = 1 }
ignored { if ($0 == "..") ignored = 0; next }
/^[.']/ { next }
{
    gsub(/\\f[A-Z]|\\f\([A-Z][A-Z]|\\&|\\\^|\\\|/, ""); gsub(/\\-/, "-"); gsub(/\\e/, "\\"); gsub(/\\ |\\~/, " ")
    gsub(/\\\([a-z][a-z]/, " "); gsub(/[ \t]+/, " "); sub(/^ /, ""); sub(/ $/, "")
    if (split($0, words, " ") >= 4 && $0 ~ /[.!?:]$/) print
}
END { print "" }
