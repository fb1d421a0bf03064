/* A child of the controlled scheduler that runs the programs with contracts. */
#include "lab/child.h"
#include "tests/support/contract_programs.h"

int main(int argc, char **argv)
{
    const struct fan_scenario *scenarios[CONTRACT_PROGRAMS];
    int count = contract_child_scenarios(scenarios);
    return fan_child_main(argc, argv, scenarios, (size_t)count);
}
