#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <systemc>

namespace {

/// A SystemC warning or error fails the test that runs, whatever else the kernel does about it.
void fail_on_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    if (report.get_severity() >= sc_core::SC_WARNING) ADD_FAILURE() << "SystemC: " << report.get_msg_type() << ": " << report.get_msg();
    sc_core::sc_report_handler::default_handler(report, actions);
}

}  // namespace

int sc_main(int argc, char* argv[]) {
    testing::InitGoogleMock(&argc, argv);
    sc_core::sc_report_handler::set_handler(fail_on_report);
    return RUN_ALL_TESTS();
}
