#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program/program.h"

namespace coffer {
namespace {

TEST(StorageCommand, PrintsTheSplitAsTextAndAsJson) {
    const ProgramResult text = run_coffer("storage --memory 1GiB --tag-bytes 16 --scheme aise-bmt");
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_EQ(text.err, "");
    EXPECT_NE(text.out.find("21.55"), std::string::npos) << text.out;
    const ProgramResult json = run_coffer("storage --memory 128MiB --scheme sgx-mee --json");
    EXPECT_EQ(json.exit_code, 0);
    EXPECT_EQ(nlohmann::json::parse(json.out)["on_chip_root_bytes"], 2688);
}

TEST(StorageCommand, PrintsTheWholeTable) {
    const ProgramResult result = run_coffer("storage --table");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("55.71"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("7.42"), std::string::npos) << result.out;
}

TEST(StorageCommand, AnswersBadInputWithOneLine) {
    for (const char* arguments :
         {"storage --memory 5x", "storage --memory 12", "storage --tag-bytes 5", "storage --scheme none", "storage --scheme sgx-mee --tag-bytes 16",
          "storage --data 5000", "storage --table --json", "storage --memory 1GiB --data 1GiB", "storage --nothing", "storage more", "", "nothing"})
        expect_refused(arguments);
}

TEST(StorageCommand, SaysWhenItsOutputCannotBeWritten) {
    const ProgramResult result = run_coffer("storage", "/dev/full");
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_TRUE(is_one_line(result.err)) << result.err;
}

}  // namespace
}  // namespace coffer
