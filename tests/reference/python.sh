# tests/reference/python.sh: to be sourced: a Python of the tests' own, with other people's packages in it.
#
#     source "$SOURCE/tests/reference/python.sh" numpy==2.2.6 tokenizers==0.23.3
#     "$python" script.py
#
# One virtual environment for all reference tests, below the build folder; packages are added as tests ask for them.
python=$BUILD/reference-python/bin/python
(
    flock 9
    [ -x "$python" ] || python3 -m venv "$BUILD/reference-python"
    "$python" -m pip install --quiet --disable-pip-version-check "$@"
) 9>"$BUILD/reference-python.lock" >&2
