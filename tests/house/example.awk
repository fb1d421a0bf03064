# Prints a block of code of the README, without its indentation: the one in which a line matches
# `holds`.
function show() {
    if (found)
        printf "%s", block
    block = ""
    found = 0
}
/^    / || (/^$/ && block != "") {
    line = substr($0, 5)
    block = block line "\n"
    if (line ~ holds)
        found = 1
    next
}
{ show() }
END { show() }
