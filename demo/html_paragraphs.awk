# The running text of HTML help pages: what stands between <p ...> and </p>, without tags, if it reads like prose.
function prose(text) {
    gsub(/<[^>]*>/, "", text)
    gsub(/&nbsp;|&#160;/, " ", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
    gsub(/&#39;|&apos;/, "'", text); gsub(/&[a-z]+;|&#[0-9]+;/, " ", text); gsub(/&amp;/, "\\&", text)
    gsub(/[ \t\r]+/, " ", text); sub(/^ /, "", text); sub(/ $/, "", text)
    # A sentence: some words, and an end to them.
    if (split(text, words, " ") >= 4 && text ~ /[.!?:]$/) print text
}
FNR == 1 { inside = 0; skip = 0; if (NR > 1) print "" }
/<footer/ { skip = 1 }                               # "Help content debug info"
skip { next }
{
    line = $0
    while (line != "") {
        if (!inside) {
            if (!match(line, /<p[ >]/)) break
            line = substr(line, RSTART)
            inside = 1; paragraph = ""
        }
        if (match(line, /<\/p>/)) {
            prose(paragraph " " substr(line, 1, RSTART - 1))
            line = substr(line, RSTART + 4)
            inside = 0
        } else { paragraph = paragraph " " line; line = "" }
    }
}
END { print "" }
