#include <gtest/gtest.h>

#include "program/program.h"

namespace coffer {
namespace {

TEST(Presets, AreAcceptedAsTheyShip) {
    for (const char* name : {"two_tenants", "rogers2007", "unprotected", "combined"}) {
        const ProgramResult result = run_coffer(std::string("config ") + name);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.err, "");
    }
}

}  // namespace
}  // namespace coffer
