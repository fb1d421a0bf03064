/* The child of `fanlab` that runs the bugs, one variant a process. */
#include "bugs/table.h"
#include "lab/child.h"

int main(int argc, char **argv)
{
    return fan_child_main(argc, argv, fan_bugs, fan_bugs_count);
}
