#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <systemc>

#include "common/errors.h"
#include "cosim/framework/cosim_block.h"
#include "cosim/framework/options.h"

namespace {

/// A SystemC warning or error fails the test that runs, whatever else the kernel does about it.
void fail_on_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    if (report.get_severity() >= sc_core::SC_WARNING) ADD_FAILURE() << "SystemC: " << report.get_msg_type() << ": " << report.get_msg();
    sc_core::sc_report_handler::default_handler(report, actions);
}

}  // namespace

int sc_main(int argc, char* argv[]) try {
    using namespace coffer::cosim;
    testing::InitGoogleMock(&argc, argv);
    options() = Options::from_environment();
    CLI::App app("Runs a block as SystemC and as RTL in lock-step. One test per process: choose it with --gtest_filter; --gtest_list_tests names them.");
    app.add_option("--seed", options().seed, "Draws traffic, stalls and resets; printed by every test");
    app.add_option("--transfers", options().transfers, "Transfers of each scenario");
    app.add_option("--wave", options().wave, "FST file for everything in the RTL");
    app.add_option("--record", options().record, "File for what is on the ports in each cycle; scripts/mutate replays it");
    CLI11_PARSE(app, argc, argv);
    sc_core::sc_report_handler::set_handler(fail_on_report);
    std::vector<CosimBlock> blocks;
    add_blocks(blocks);
    register_tests(blocks);
    return RUN_ALL_TESTS();
} catch (const coffer::InputError& error) {
    std::cerr << error.what() << '\n';
    return static_cast<int>(coffer::ExitCode::bad_input);
}
