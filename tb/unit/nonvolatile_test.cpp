#include "vm_table/nonvolatile.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "aise/lpid_allocator.h"
#include "common/errors.h"
#include "crypto/sha256.h"
#include "vm_table/file_nonvolatile.h"
#include "vm_table/vm_log.h"

namespace coffer {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class NonVolatileFiles : public ::testing::Test {
protected:
    NonVolatileFiles() : directory_(scratch() / ("coffer_nonvolatile_" + std::to_string(::getpid()))) {
        fs::create_directories(directory_);
        file_ = directory_ / "chip";
    }
    ~NonVolatileFiles() override { fs::remove_all(directory_); }

    // A killed process tells nothing about disks, and memory lets many more writes happen between two kills.
    static fs::path scratch() { return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ::testing::TempDir(); }
    fs::path beside(const std::string& suffix) const { return file_.string() + suffix; }
    static void put(const fs::path& path, const Bytes& bytes) {
        std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    /// FILE as it must be: bytes in hex, and their digest.
    void put_gpc(const char* hex) const { put(file_, with_digest(hex)); }
    static Bytes with_digest(const char* hex) {
        Bytes bytes = from_hex(hex, "test");
        const crypto::Digest digest = crypto::sha256({bytes});
        bytes.insert(bytes.end(), digest.begin(), digest.end());
        return bytes;
    }
    static Bytes get(const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        return Bytes(std::istreambuf_iterator<char>(in), {});
    }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(directory_)) found.insert(entry.path().filename());
        return found;
    }
    /// The message with which opening fails, empty where it does not.
    std::string refusal(ChipNumber chip = ChipNumber(1)) const {
        try {
            const FileNonVolatile opened(file_, chip);
            return {};
        } catch (const InputError& error) {
            return error.what();
        }
    }

    fs::path directory_;
    fs::path file_;
};

TEST_F(NonVolatileFiles, FreshChipWritesNothingUntilItMust) {
    FileNonVolatile nonvolatile(file_, ChipNumber(2));
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(2).lpid(1));
    EXPECT_EQ(nonvolatile.log_register(), LogRegister{});
    EXPECT_TRUE(nonvolatile.log_copy(0).empty());
    EXPECT_EQ(names(), (std::set<std::string>{"chip.lock"}));
}

TEST_F(NonVolatileFiles, FileIsTheFirstUnreservedLpidAndItsDigest) {
    FileNonVolatile nonvolatile(file_, ChipNumber(0x0102));
    (void)LpidAllocator(nonvolatile).next();
    EXPECT_EQ(get(file_), with_digest("0100010000000201"));
}

TEST_F(NonVolatileFiles, EverythingIsReadBack) {
    const LogRegister log_register{1, 2, 3};
    {
        FileNonVolatile nonvolatile(file_, ChipNumber(7));
        nonvolatile.write_log_register(log_register);
        nonvolatile.write_log_copy(0, Bytes{4, 5});
        nonvolatile.write_log_copy(1, Bytes(100'000, 6));
        nonvolatile.write_gpc(ChipNumber(7).lpid(99));
    }
    const FileNonVolatile nonvolatile(file_, ChipNumber(7));
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(7).lpid(99));
    EXPECT_EQ(nonvolatile.log_register(), log_register);
    EXPECT_EQ(nonvolatile.log_copy(0), (Bytes{4, 5}));
    EXPECT_EQ(nonvolatile.log_copy(1), Bytes(100'000, 6));
    EXPECT_EQ(names(), (std::set<std::string>{"chip", "chip.lock", "chip.log-register", "chip.log-0", "chip.log-1"}));
}

TEST_F(NonVolatileFiles, FileAloneIsAChipWithoutLog) {
    put_gpc("1800000000000100");
    FileNonVolatile nonvolatile(file_, ChipNumber(1));
    EXPECT_EQ(LpidAllocator(nonvolatile).next(), ChipNumber(1).lpid(0x18));
    EXPECT_EQ(nonvolatile.log_register(), LogRegister{});
}

TEST_F(NonVolatileFiles, LeftOverTemporaryFilesDoNotMatter) {
    put_gpc("1800000000000100");
    put(beside(".tmp"), {1, 2, 3});
    FileNonVolatile nonvolatile(file_, ChipNumber(1));
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(0x18));
    nonvolatile.write_gpc(ChipNumber(1).lpid(0x19));
    EXPECT_EQ(get(file_), with_digest("1900000000000100"));
    EXPECT_FALSE(fs::exists(beside(".tmp")));
}

TEST_F(NonVolatileFiles, TruncatedAndOversizedFilesAreRefusedAndLeftAlone) {
    for (std::size_t size = 0; size <= 41; ++size) {
        if (size == 40) continue;
        Bytes bytes = with_digest("1800000000000100");
        bytes.resize(size);
        put(file_, bytes);
        const std::string message = refusal();
        EXPECT_THAT(message, AllOf(HasSubstr(file_.string()), HasSubstr("byte " + std::to_string(std::min<std::size_t>(size, 40))),
                                   HasSubstr("accepted: exactly 40 bytes"), Not(HasSubstr("\n"))));
        EXPECT_EQ(get(file_), bytes);
        EXPECT_EQ(names(), (std::set<std::string>{"chip"}));
    }
}

TEST_F(NonVolatileFiles, AnAlteredFileIsRefusedAndLeftAlone) {
    const Bytes good = with_digest("1800000000000100");
    for (std::size_t bit = 0; bit != 8 * good.size(); ++bit) {
        Bytes bytes = good;
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
        put(file_, bytes);
        EXPECT_THAT(refusal(), AllOf(HasSubstr(file_.string()), HasSubstr("bytes 8-39: not the SHA-256 of bytes 0-7"), HasSubstr("accepted: "), Not(HasSubstr("\n"))));
        EXPECT_EQ(get(file_), bytes);
    }
    put(file_, good);
    EXPECT_EQ(refusal(), "");
}

TEST_F(NonVolatileFiles, DamagedLogRegisterIsRefused) {
    put_gpc("1800000000000100");
    for (const std::size_t size : {0u, 31u, 33u}) {
        put(beside(".log-register"), Bytes(size, 1));
        EXPECT_THAT(refusal(), AllOf(HasSubstr(".log-register: byte"), HasSubstr("accepted: exactly 32 bytes")));
    }
}

TEST_F(NonVolatileFiles, AnotherChipsFileIsRefused) {
    put_gpc("1800000000000100");
    EXPECT_THAT(refusal(ChipNumber(2)), AllOf(HasSubstr("bytes 6-7: belongs to chip 1"), HasSubstr("accepted: chip 2")));
    EXPECT_THAT(refusal(ChipNumber::image_tool()), HasSubstr("belongs to chip 1"));
    EXPECT_EQ(refusal(ChipNumber(1)), "");
}

TEST_F(NonVolatileFiles, CountZeroIsRefused) {
    put_gpc("0000000000000100");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("bytes 0-5: the count is 0"), HasSubstr("accepted: 1 or more")));
}

TEST_F(NonVolatileFiles, MissingFileBesideItsLogIsNoFreshChip) {
    for (const char* suffix : {".log-register", ".log-0", ".log-1"}) {
        put(beside(suffix), Bytes(32, 1));
        EXPECT_THAT(refusal(), AllOf(HasSubstr("is missing, but"), HasSubstr(suffix)));
        fs::remove(beside(suffix));
    }
    EXPECT_EQ(refusal(), "");
}

TEST_F(NonVolatileFiles, WhatIsNoFileIsRefused) {
    fs::create_directory(file_);
    EXPECT_THAT(refusal(), HasSubstr("accepted: a regular file"));
    fs::remove(file_);
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    EXPECT_THAT(refusal(), HasSubstr("accepted: a regular file"));
    file_ = directory_ / "no" / "such" / "directory";
    EXPECT_THAT(refusal(), HasSubstr("accepted: a directory that can be written"));
    file_.clear();
    EXPECT_THAT(refusal(), HasSubstr("accepted: a file name"));
}

TEST_F(NonVolatileFiles, LongTableCopyIsNotReadToItsEnd) {
    FileNonVolatile nonvolatile(file_, ChipNumber(1));
    nonvolatile.write_gpc(ChipNumber(1).lpid(1));
    put(beside(".log-0"), {});
    fs::resize_file(beside(".log-0"), std::uintmax_t{1} << 40);
    EXPECT_LT(nonvolatile.log_copy(0).size(), std::size_t{16} << 20);
}

TEST_F(NonVolatileFiles, OneProcessAtATime) {
    {
        const FileNonVolatile first(file_, ChipNumber(1));
        EXPECT_THAT(refusal(), HasSubstr("another process uses this chip"));
    }
    EXPECT_EQ(refusal(), "");
}

TEST_F(NonVolatileFiles, SymbolicLinkKeepsItsTarget) {
    const fs::path link = directory_ / "link";
    put_gpc("1800000000000100");
    fs::create_symlink(file_, link);
    FileNonVolatile nonvolatile(link, ChipNumber(1));
    nonvolatile.write_gpc(ChipNumber(1).lpid(0x19));
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(get(file_), with_digest("1900000000000100"));
}

TEST_F(NonVolatileFiles, FailedWriteIsReportedAndChangesNothing) {
    FileNonVolatile nonvolatile(file_, ChipNumber(1));
    nonvolatile.write_gpc(ChipNumber(1).lpid(2));
    fs::create_directory(beside(".tmp"));
    EXPECT_THROW(nonvolatile.write_gpc(ChipNumber(1).lpid(3)), std::system_error);
    EXPECT_EQ(nonvolatile.gpc(), ChipNumber(1).lpid(2));
    EXPECT_EQ(get(file_), with_digest("0200000000000100"));
}

/// Runs `body` in a process of its own with a pipe to report numbers on. Kills it `delay` after it reported `least` of them, so that kills
/// come at all moments however slow the machine is, and returns everything that was reported.
std::vector<std::uint64_t> reported_until_killed(const std::function<void(int pipe)>& body, std::size_t least, std::chrono::microseconds delay) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("no process");
    if (child == 0) {
        ::close(ends[0]);
        try {
            body(ends[1]);
        } catch (const std::exception&) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::vector<std::uint64_t> reported;
    std::uint64_t number;
    while (reported.size() < least && ::read(ends[0], &number, sizeof number) == sizeof number) reported.push_back(number);
    ::usleep(static_cast<useconds_t>(delay.count()));
    ::kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number) reported.push_back(number);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the process ended by itself with status " << WEXITSTATUS(status);
    return reported;
}

void give_out_lpids(NonVolatile& nonvolatile, int pipe) {
    LpidAllocator lpids(nonvolatile, lpid_count_end, 3);
    while (const auto lpid = lpids.next())
        if (::write(pipe, &*lpid, sizeof *lpid) != sizeof *lpid) break;
}

bool strictly_ascending(const std::vector<Lpid>& lpids) { return std::adjacent_find(lpids.begin(), lpids.end(), std::greater_equal<>()) == lpids.end(); }

TEST_F(NonVolatileFiles, NoLpidIsGivenOutTwiceOverKills) {
    std::mt19937 random(20240601);
    std::uniform_int_distribution<int> delay(0, 5000);
    std::uniform_int_distribution<std::size_t> least(0, 7);
    std::vector<Lpid> given;
    for (int kill = 0; kill < 250; ++kill) {
        const auto reported = reported_until_killed(
            [&](int pipe) {
                FileNonVolatile nonvolatile(file_, ChipNumber(1));
                give_out_lpids(nonvolatile, pipe);
            },
            least(random), std::chrono::microseconds(delay(random)));
        given.insert(given.end(), reported.begin(), reported.end());
        ASSERT_TRUE(strictly_ascending(given)) << "after kill " << kill;
        ASSERT_EQ(refusal(), "") << "after kill " << kill;
        ASSERT_GT(FileNonVolatile(file_, ChipNumber(1)).gpc(), given.empty() ? 0 : given.back()) << "after kill " << kill;
    }
    EXPECT_GT(given.size(), 250u);
}

/// Installs the VM's latest snapshot, then makes snapshots and reports the sequence of each that was committed.
void make_snapshots(NonVolatile& nonvolatile, int pipe) {
    const VmIdentity identity{1};
    const auto hash_of = [](std::uint64_t sequence) { return crypto::Digest{static_cast<std::uint8_t>(sequence), static_cast<std::uint8_t>(sequence >> 8)}; };
    VmLog log(nonvolatile);
    const std::uint64_t latest = log.entry(identity) == nullptr ? 0 : log.entry(identity)->sequence;
    if (log.accept_install(identity, latest, hash_of(latest), NodeTag{}) != LogStatus::ok) return;
    while (const auto sequence = log.begin_snapshot(identity)) {
        if (log.commit_snapshot(identity, *sequence, hash_of(*sequence), NodeTag{}) != LogStatus::ok) return;
        if (::write(pipe, &*sequence, sizeof *sequence) != sizeof *sequence) return;
    }
}

TEST_F(NonVolatileFiles, LogIsConsistentAfterEveryKill) {
    std::mt19937 random(20240602);
    std::uniform_int_distribution<int> delay(0, 5000);
    std::uniform_int_distribution<std::size_t> least(0, 2);
    std::uint64_t committed = 0;
    for (int kill = 0; kill < 200; ++kill) {
        const auto reported = reported_until_killed(
            [&](int pipe) {
                FileNonVolatile nonvolatile(file_, ChipNumber(1));
                make_snapshots(nonvolatile, pipe);
            },
            least(random), std::chrono::microseconds(delay(random)));
        if (!reported.empty()) committed = reported.back();
        FileNonVolatile nonvolatile(file_, ChipNumber(1));
        const VmLog log(nonvolatile);
        const std::uint64_t logged = log.entry({1}) == nullptr ? 0 : log.entry({1})->sequence;
        ASSERT_GE(logged, committed) << "after kill " << kill;
        ASSERT_LE(logged, committed + 1) << "after kill " << kill;
        committed = logged;
    }
    EXPECT_GT(committed, 100u);
}

TEST_F(NonVolatileFiles, KillTestSeesAChipThatForgets) {
    std::vector<Lpid> given;
    for (int kill = 0; kill < 2; ++kill) {
        const auto reported = reported_until_killed(
            [](int pipe) {
                MemoryNonVolatile forgetful(ChipNumber(1));
                give_out_lpids(forgetful, pipe);
            },
            1, std::chrono::microseconds(0));
        given.insert(given.end(), reported.begin(), reported.end());
    }
    EXPECT_FALSE(strictly_ascending(given));
}

}  // namespace
}  // namespace coffer
