#include "vm_table/vm_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/errors.h"

namespace coffer {

std::ostream& operator<<(std::ostream& out, LogStatus status) { return out << to_string(status); }

namespace {

template <typename Array>
Array filled(std::uint8_t value) {
    Array bytes;
    bytes.fill(value);
    return bytes;
}

VmIdentity identity(std::uint8_t value) { return filled<VmIdentity>(value); }
crypto::Digest digest(std::uint8_t value) { return filled<crypto::Digest>(value); }
NodeTag root(std::uint8_t value) { return filled<NodeTag>(value); }

const VmIdentity a = identity(0xaa);
const VmIdentity b = identity(0x0b);

/// A chip on which a has run, made one snapshot (hash 0x13) and runs on, and b was installed and uninstalled.
void fill(VmLog& log) {
    EXPECT_EQ(log.accept_install(a, 0, digest(0x11), root(0x51)), LogStatus::ok);
    EXPECT_EQ(log.accept_install(b, 0, digest(0x12), root(0x52)), LogStatus::ok);
    EXPECT_EQ(log.begin_snapshot(a), 1u);
    EXPECT_EQ(log.commit_snapshot(a, 1, digest(0x13), root(0x53)), LogStatus::ok);
    EXPECT_EQ(log.record_uninstall(b, root(0x54)), LogStatus::ok);
}

// Made with Python's hashlib from the layout alone.
TEST(VmLog, RegisterAndCopyAreAsDocumented) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    VmLog log(nonvolatile);
    EXPECT_EQ(to_hex(nonvolatile.log_register()), "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb");
    (void)log.accept_install(a, 0, digest(0x11), root(0x51));
    EXPECT_EQ(to_hex(log.log_register()), "bcb0a8e00de872b346b67f913007ca41a27e77db836165d36ed5581396385c5a");
    (void)log.accept_install(b, 0, digest(0x12), root(0x52));
    EXPECT_EQ(to_hex(log.log_register()), "35e032a9e21e94a9e39dffa5e1c7a8e0016dc9078684871c62cc81ccef5a6535");
    (void)log.commit_snapshot(a, 1, digest(0x13), root(0x53));
    EXPECT_EQ(to_hex(log.log_register()), "b08a62c667d32f430971e60b51cf9ff2905569613ab151a4489733bd2a78e598");
    (void)log.record_uninstall(b, root(0x54));
    EXPECT_EQ(to_hex(log.log_register()), "6b306fef1fbbe7395a0e7c57de3636964eddf5b45d6ca95dbd3376f9e95555cc");
    EXPECT_EQ(to_hex(nonvolatile.log_copy(1)),
              "0400000000000000a0a9d99ac930ffb995a83bbc4a8d4edf1910fdb257812a54b08ea64caea444c3"
              "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000012121212121212121212121212121212"
              "1212121212121212121212121212121202000000000000000100000000000000"
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa010000000000000013131313131313131313131313131313"
              "1313131313131313131313131313131301000000000000000000000000000000");
    EXPECT_EQ(log.generation(), 4u);
}

TEST(VmLog, InstallsTheLatestVectorOnly) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    {
        VmLog log(nonvolatile);
        EXPECT_EQ(log.check_install(a, 1, digest(0x11)), LogStatus::no_entry);
        fill(log);
        EXPECT_EQ(log.check_install(a, 1, digest(0x13)), LogStatus::running);
    }
    VmLog log(nonvolatile);
    EXPECT_EQ(log.check_install(a, 0, digest(0x11)), LogStatus::old_vector);
    EXPECT_EQ(log.check_install(a, 2, digest(0x13)), LogStatus::unknown_vector);
    EXPECT_EQ(log.check_install(a, 1, digest(0x14)), LogStatus::other_vector);
    EXPECT_EQ(log.check_install(identity(1), 1, digest(0x13)), LogStatus::no_entry);
    EXPECT_EQ(log.check_install(b, 0, digest(0x11)), LogStatus::other_vector) << "a changed boot image under a known identity";
    EXPECT_EQ(log.accept_install(a, 0, digest(0x11), root(1)), LogStatus::old_vector);
    EXPECT_EQ(log.generation(), 4u) << "a refusal is no change";
    EXPECT_EQ(log.accept_install(a, 1, digest(0x13), root(1)), LogStatus::ok);
    EXPECT_EQ(log.accept_install(a, 1, digest(0x13), root(1)), LogStatus::running);
}

TEST(VmLog, CountsBootsSinceTheSnapshot) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    EXPECT_EQ(VmLog(nonvolatile).boots(a), std::nullopt);
    for (std::uint64_t boot = 1; boot <= 3; ++boot) {
        VmLog log(nonvolatile);
        EXPECT_EQ(log.accept_install(a, 0, digest(1), root(1)), LogStatus::ok);
        EXPECT_EQ(log.boots(a), boot);
    }
    VmLog log(nonvolatile);
    EXPECT_EQ(log.accept_install(a, 0, digest(1), root(1)), LogStatus::ok);
    EXPECT_EQ(log.commit_snapshot(a, 1, digest(2), root(2)), LogStatus::ok);
    EXPECT_EQ(log.boots(a), 0u);
}

TEST(VmLog, SnapshotsAndUninstallsAreOfRunningVms) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    VmLog(nonvolatile).accept_install(a, 0, digest(1), root(1));
    VmLog log(nonvolatile);
    EXPECT_EQ(log.begin_snapshot(a), std::nullopt) << "not installed since the reset";
    EXPECT_EQ(log.commit_snapshot(a, 1, digest(2), root(2)), LogStatus::not_running);
    EXPECT_EQ(log.record_uninstall(a, root(2)), LogStatus::not_running);
    EXPECT_EQ(log.accept_install(a, 0, digest(1), root(1)), LogStatus::ok);
    EXPECT_EQ(log.commit_snapshot(a, 0, digest(2), root(2)), LogStatus::wrong_sequence);
    EXPECT_EQ(log.commit_snapshot(a, 2, digest(2), root(2)), LogStatus::wrong_sequence);
    EXPECT_EQ(log.record_uninstall(a, root(2)), LogStatus::ok);
    EXPECT_EQ(log.entry(a)->state, LogState::stopped);
    EXPECT_EQ(log.record_uninstall(a, root(2)), LogStatus::not_running);
}

/// Storage whose copy 0 holds `entries` as the chip would have written them: 72 bytes each.
MemoryNonVolatile holding(const Bytes& entries) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    Bytes copy(40);
    copy.insert(copy.end(), entries.begin(), entries.end());
    nonvolatile.write_log_copy(0, copy);
    nonvolatile.write_log_register(crypto::sha256({copy}));
    return nonvolatile;
}

Bytes entry_bytes(const VmIdentity& id, std::uint64_t sequence, std::uint8_t state) {
    Bytes entry(72);
    std::copy(id.begin(), id.end(), entry.begin());
    store_le64(&entry[16], sequence);
    entry[56] = state;
    return entry;
}

TEST(VmLog, MovedVmsNeverComeBack) {
    MemoryNonVolatile nonvolatile = holding(entry_bytes(a, 5, 3));
    VmLog log(nonvolatile);
    EXPECT_EQ(log.check_install(a, 5, crypto::Digest{}), LogStatus::moved);
    EXPECT_EQ(log.check_install(a, 6, crypto::Digest{}), LogStatus::moved);
    EXPECT_EQ(log.check_install(b, 0, crypto::Digest{}), LogStatus::ok);
}

TEST(VmLog, AMoveIsOfARunningVmAndFinal) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    {
        VmLog log(nonvolatile);
        fill(log);
        EXPECT_EQ(log.commit_move(b, 1, digest(0x21), root(0x61)), LogStatus::not_running);
        EXPECT_EQ(log.commit_move(a, 1, digest(0x21), root(0x61)), LogStatus::wrong_sequence);
        ASSERT_EQ(log.commit_move(a, 2, digest(0x21), root(0x61)), LogStatus::ok);
        EXPECT_EQ(log.begin_snapshot(a), std::nullopt);
        EXPECT_EQ(log.record_uninstall(a, root(0x62)), LogStatus::not_running);
    }
    const VmLog log(nonvolatile);
    EXPECT_EQ(log.entry(a)->state, LogState::moved);
    EXPECT_EQ(log.check_install(a, 1, digest(0x13)), LogStatus::moved);
    EXPECT_EQ(log.check_install(a, 2, digest(0x21)), LogStatus::moved);
}

TEST(VmLog, ImportsAreOfVmsThatAreNewOrHaveMovedAwayAndGoneOn) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    VmLog log(nonvolatile);
    fill(log);
    EXPECT_EQ(log.check_import(a, 9), LogStatus::running);
    EXPECT_EQ(log.check_import(b, 9), LogStatus::present);
    ASSERT_EQ(log.commit_move(a, 2, digest(0x21), root(0x61)), LogStatus::ok);
    EXPECT_EQ(log.accept_import(a, 1, digest(0x13), root(0x53)), LogStatus::old_vector);
    EXPECT_EQ(log.accept_import(a, 2, digest(0x21), root(0x61)), LogStatus::old_vector) << "what left cannot come back as it was";
    ASSERT_EQ(log.accept_import(a, 3, digest(0x22), root(0x62)), LogStatus::ok);
    EXPECT_EQ(log.boots(a), 1u);
    EXPECT_EQ(log.begin_snapshot(a), 4u);
    ASSERT_EQ(log.accept_import(identity(7), 5, digest(0x23), root(0x63)), LogStatus::ok) << "new here";
    EXPECT_EQ(log.entry(identity(7))->sequence, 5u);
}

TEST(VmLog, LastSequenceIsTheLast) {
    MemoryNonVolatile nonvolatile = holding(entry_bytes(a, ~std::uint64_t{0}, 2));
    VmLog log(nonvolatile);
    EXPECT_EQ(log.accept_install(a, ~std::uint64_t{0}, crypto::Digest{}, root(1)), LogStatus::ok);
    EXPECT_EQ(log.begin_snapshot(a), std::nullopt);
    EXPECT_EQ(log.commit_snapshot(a, 0, crypto::Digest{}, root(1)), LogStatus::wrong_sequence);
}

TEST(VmLog, FullTableTakesNoNewIdentity) {
    Bytes entries;
    VmIdentity id{};
    for (std::uint32_t i = 0; i < VmLog::max_entries; ++i) {
        id[0] = static_cast<std::uint8_t>(i >> 8);
        id[1] = static_cast<std::uint8_t>(i);
        const Bytes entry = entry_bytes(id, 0, 2);
        entries.insert(entries.end(), entry.begin(), entry.end());
    }
    MemoryNonVolatile nonvolatile = holding(entries);
    VmLog log(nonvolatile);
    EXPECT_EQ(log.check_install(identity(1), 0, crypto::Digest{}), LogStatus::full);
    EXPECT_EQ(log.accept_install(id, 0, crypto::Digest{}, root(1)), LogStatus::ok) << "a known one still boots";
    id[2] = 1;
    const Bytes one_more = entry_bytes(id, 0, 2);
    entries.insert(entries.end(), one_more.begin(), one_more.end());
    MemoryNonVolatile too_long = holding(entries);
    EXPECT_THROW(VmLog{too_long}, InputError);
}

TEST(VmLog, CopiesThatTheChipDoesNotWriteAreRefused) {
    const auto boots = [](const Bytes& entries) {
        MemoryNonVolatile nonvolatile = holding(entries);
        try {
            const VmLog log(nonvolatile);
            return true;
        } catch (const InputError&) {
            return false;
        }
    };
    const auto with_byte = [](std::size_t at, std::uint8_t value) {
        Bytes entry = entry_bytes(a, 0, 1);
        entry[at] = value;
        return entry;
    };
    const auto both = [](const Bytes& first, const Bytes& second) {
        Bytes entries = first;
        entries.insert(entries.end(), second.begin(), second.end());
        return entries;
    };
    EXPECT_TRUE(boots(entry_bytes(a, 0, 1)));
    EXPECT_TRUE(boots(both(entry_bytes(b, 0, 1), entry_bytes(a, 0, 1))));
    EXPECT_FALSE(boots(both(entry_bytes(a, 0, 1), entry_bytes(b, 0, 1)))) << "not in order";
    EXPECT_FALSE(boots(both(entry_bytes(a, 0, 1), entry_bytes(a, 0, 1)))) << "twice";
    EXPECT_FALSE(boots(with_byte(56, 0)));
    EXPECT_FALSE(boots(with_byte(56, 4)));
    EXPECT_FALSE(boots(with_byte(63, 1)));
    EXPECT_FALSE(boots(Bytes(71)));
}

TEST(VmLog, OneGoodCopyIsEnough) {
    for (const unsigned damaged : {0u, 1u}) {
        MemoryNonVolatile nonvolatile(ChipNumber(1));
        {
            VmLog log(nonvolatile);
            fill(log);
        }
        const bool counts = crypto::sha256({nonvolatile.log_copy(damaged)}) == nonvolatile.log_register();
        nonvolatile.write_log_copy(damaged, Bytes{1, 2, 3});
        if (counts) {
            EXPECT_THROW(VmLog{nonvolatile}, InputError);
        } else {
            EXPECT_EQ(VmLog(nonvolatile).entry(a)->sequence, 1u);
        }
    }
}

TEST(VmLog, SwappedCopiesAreNotOverwrittenBeforeTheCommit) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    {
        VmLog log(nonvolatile);
        fill(log);
    }
    const Bytes copy = nonvolatile.log_copy(0);
    nonvolatile.write_log_copy(0, nonvolatile.log_copy(1));
    nonvolatile.write_log_copy(1, copy);
    const LogRegister before = nonvolatile.log_register();
    VmLog log(nonvolatile);
    EXPECT_EQ(log.accept_install(a, 1, digest(0x13), root(1)), LogStatus::ok);
    nonvolatile.write_log_register(before);  // as if power had failed before the register was written
    EXPECT_EQ(VmLog(nonvolatile).generation(), 4u);
}

TEST(VmLog, NeitherCopyMatchingIsLoud) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    {
        VmLog log(nonvolatile);
        fill(log);
    }
    const Bytes older = nonvolatile.log_copy(0);
    nonvolatile.write_log_copy(1, older);
    try {
        const VmLog log(nonvolatile);
        FAIL() << "an older log was accepted";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("neither copy of the VM log matches"));
    }
}

TEST(VmLog, CopiesWithoutRegisterAreLoud) {
    MemoryNonVolatile nonvolatile(ChipNumber(1));
    nonvolatile.write_log_copy(1, Bytes(40));
    EXPECT_THROW(VmLog{nonvolatile}, InputError);
}

TEST(VmLog, StatusesHaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(LogStatus::present); ++code) names.insert(to_string(static_cast<LogStatus>(code)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(LogStatus::present) + 1);
    EXPECT_EQ(names.count("unknown"), 0u);
}

struct PowerFailure {};

enum class Moment { before, torn, after };

/// The chip's storage and the host's: power fails at one chosen write.
class FailingStorage : public MemoryNonVolatile {
public:
    FailingStorage() : MemoryNonVolatile(ChipNumber(1)) {}

    /// Power fails at the `write`-th write from now on, the first being 0.
    void fail_at(int write, Moment moment) {
        writes_left_ = write;
        moment_ = moment;
    }
    void restore_power() { writes_left_ = -1; }

    void write_log_register(const LogRegister& value) override {
        // A register is written whole or not at all.
        at_write([&] { MemoryNonVolatile::write_log_register(value); }, [] {});
    }
    void write_log_copy(unsigned copy, ByteView bytes) override {
        at_write([&] { MemoryNonVolatile::write_log_copy(copy, bytes); },
                 [&] { MemoryNonVolatile::write_log_copy(copy, {bytes.data, bytes.size / 2}); });
    }
    void write_blob(const SealedVector& blob) {
        at_write([&] { blobs.push_back(blob); }, [] {});
    }

    std::vector<SealedVector> blobs;

private:
    void at_write(const std::function<void()>& write, const std::function<void()>& write_part) {
        if (writes_left_ != 0) {
            if (writes_left_ > 0) --writes_left_;
            write();
            return;
        }
        if (moment_ == Moment::after) write();
        if (moment_ == Moment::torn) write_part();
        throw PowerFailure{};
    }

    int writes_left_ = -1;
    Moment moment_ = Moment::before;
};

VmVector vector_with(std::uint64_t sequence) {
    VmVector vector;
    vector.kind = sequence == 0 ? VectorKind::boot_image : VectorKind::snapshot;
    vector.identity = a;
    vector.sequence = sequence;
    vector.pages = 1;
    return vector;
}

LogStatus install(VmLog& log, const SealedVector& blob) {
    VmVector vector;
    EXPECT_EQ(open_vector(blob, crypto::Key256{}, vector), VectorStatus::ok);
    return log.accept_install(vector.identity, vector.sequence, vector_hash(blob), vector.root);
}

/// vm_snapshot in its fixed order: seal, write the blob, commit.
void snapshot(FailingStorage& storage, VmLog& log, Lpid& lpid) {
    const std::uint64_t sequence = log.begin_snapshot(a).value();
    const SealedVector blob = seal_vector(vector_with(sequence), crypto::Key256{}, lpid++);
    storage.write_blob(blob);
    ASSERT_EQ(log.commit_snapshot(a, sequence, vector_hash(blob), NodeTag{}), LogStatus::ok);
}

/// Resets the chip and says which of the host's blobs it would install.
std::vector<std::size_t> installable(FailingStorage& storage) {
    storage.restore_power();
    const VmLog log(storage);
    std::vector<std::size_t> accepted;
    for (std::size_t i = 0; i < storage.blobs.size(); ++i) {
        VmVector vector;
        EXPECT_EQ(open_vector(storage.blobs[i], crypto::Key256{}, vector), VectorStatus::ok);
        if (log.check_install(a, vector.sequence, vector_hash(storage.blobs[i])) == LogStatus::ok) accepted.push_back(i);
    }
    return accepted;
}

TEST(VmLogCrash, SnapshotIsThereOrNotAtEveryPoint) {
    for (const Moment moment : {Moment::before, Moment::torn, Moment::after}) {
        for (int write = 0; write < 3; ++write) {
            SCOPED_TRACE("write " + std::to_string(write) + ", moment " + std::to_string(static_cast<int>(moment)));
            FailingStorage storage;
            Lpid lpid = 1;
            {
                VmLog log(storage);
                storage.write_blob(seal_vector(vector_with(0), crypto::Key256{}, lpid++));
                ASSERT_EQ(install(log, storage.blobs[0]), LogStatus::ok);
                snapshot(storage, log, lpid);
                snapshot(storage, log, lpid);
                storage.fail_at(write, moment);
                EXPECT_THROW(snapshot(storage, log, lpid), PowerFailure);
                if (write > 0) {
                    EXPECT_THROW(log.record_uninstall(a, NodeTag{}), std::logic_error) << "nothing is accepted after a failed write";
                }
            }
            const bool committed = write == 2 && moment == Moment::after;
            EXPECT_EQ(installable(storage), std::vector<std::size_t>{committed ? 3u : 2u});

            // The VM goes on from there, and its next snapshot takes the place of both.
            {
                VmLog log(storage);
                ASSERT_EQ(install(log, storage.blobs[committed ? 3 : 2]), LogStatus::ok);
                EXPECT_EQ(log.boots(a), 1u);
                snapshot(storage, log, lpid);
            }
            EXPECT_EQ(installable(storage), std::vector<std::size_t>{storage.blobs.size() - 1});
        }
    }
}

TEST(VmLogCrash, InstallIsOnRecordBeforeTheVmRuns) {
    for (const Moment moment : {Moment::before, Moment::torn, Moment::after}) {
        for (int write = 0; write < 2; ++write) {
            SCOPED_TRACE("write " + std::to_string(write) + ", moment " + std::to_string(static_cast<int>(moment)));
            FailingStorage storage;
            {
                VmLog log(storage);
                storage.write_blob(seal_vector(vector_with(0), crypto::Key256{}, 1));
                storage.fail_at(write, moment);
                EXPECT_THROW(install(log, storage.blobs[0]), PowerFailure);
            }
            storage.restore_power();
            VmLog log(storage);
            const bool committed = write == 1 && moment == Moment::after;
            EXPECT_EQ(log.boots(a), committed ? std::optional<std::uint64_t>(1) : std::nullopt);
            EXPECT_EQ(install(log, storage.blobs[0]), LogStatus::ok);
            EXPECT_EQ(log.boots(a), committed ? 2u : 1u);
        }
    }
}

TEST(VmLogCrash, FirstBootOfAll) {
    for (const Moment moment : {Moment::before, Moment::after}) {
        FailingStorage storage;
        storage.fail_at(0, moment);
        EXPECT_THROW(VmLog{storage}, PowerFailure);
        storage.restore_power();
        EXPECT_EQ(VmLog(storage).generation(), 0u);
    }
}

/// What the log must know, kept as plainly as possible.
struct Oracle {
    struct Vm {
        std::uint64_t sequence = 0;
        crypto::Digest hash{};
        std::uint64_t boots = 0;
        LogState state = LogState::installed;
    };
    std::map<VmIdentity, Vm> vms;
    std::set<VmIdentity> running;
    std::uint64_t changes = 0;
    crypto::Digest chain{};

    void record(std::uint8_t event, const VmIdentity& id, const NodeTag& tree_root) {
        ++changes;
        Bytes link(chain.begin(), chain.end());
        link.push_back(event);
        link.insert(link.end(), id.begin(), id.end());
        link.resize(link.size() + 8);
        store_le64(&link[link.size() - 8], vms[id].sequence);
        link.insert(link.end(), tree_root.begin(), tree_root.end());
        chain = crypto::sha256({link});
    }
};

/// A log, its oracle, and every vector that was ever sealed.
class LogModel {
public:
    LogModel() { reset(); }

    void step() {
        const VmIdentity id = identity(*rc::gen::inRange<std::uint8_t>(1, 4));
        if (*rc::gen::inRange(0, 4) == 0) storage_.fail_at(*rc::gen::inRange(0, 3), *rc::gen::element(Moment::before, Moment::torn, Moment::after));
        const LogRegister register_before = storage_.log_register();
        const Oracle oracle_before = oracle_;
        try {
            switch (*rc::gen::inRange(0, 8)) {
                case 0:
                case 1: install(id); break;
                case 2:
                case 3: take_snapshot(id); break;
                case 4: uninstall(id); break;
                case 5: move(id); break;
                case 6: import(id); break;
                case 7: tamper(); [[fallthrough]];
                default: reset();
            }
        } catch (const PowerFailure&) {
            // The register is the commit: whatever was begun is done if it changed, and was never begun if not.
            if (storage_.log_register() == register_before) oracle_ = oracle_before;
            reset();
        }
        storage_.restore_power();
    }

    void check() const {
        RC_ASSERT(log_->generation() == oracle_.changes);
        RC_ASSERT(log_->chain() == oracle_.chain);
        for (const auto& [id, vm] : oracle_.vms) {
            RC_ASSERT(log_->boots(id) == vm.boots);
            RC_ASSERT(log_->entry(id)->state == vm.state);
        }
        for (const auto& vector : sealed_)
            RC_ASSERT((log_->check_install(vector.id, vector.sequence, vector.hash) == LogStatus::ok) == acceptable(vector));
    }

private:
    struct Sealed {
        VmIdentity id;
        std::uint64_t sequence;
        crypto::Digest hash;
    };

    bool acceptable(const Sealed& vector) const {
        const auto vm = oracle_.vms.find(vector.id);
        if (vm == oracle_.vms.end()) return vector.sequence == 0;
        return vm->second.state != LogState::moved && vector.sequence == vm->second.sequence && vector.hash == vm->second.hash &&
               oracle_.running.count(vector.id) == 0;
    }

    crypto::Digest fresh_hash() {
        crypto::Digest hash{};
        store_le64(hash.data(), ++hashes_);
        return hash;
    }

    // The oracle is changed before the log, so that a failure in the log leaves it as if the change had been made.
    void install(const VmIdentity& id) {
        if (sealed_.empty() || *rc::gen::inRange(0, 3) == 0) sealed_.push_back({id, 0, fresh_hash()});
        const Sealed vector = *rc::gen::elementOf(sealed_);
        const bool expected = acceptable(vector);
        if (expected) {
            auto& vm = oracle_.vms[vector.id];
            vm.sequence = vector.sequence;
            vm.hash = vector.hash;
            ++vm.boots;
            vm.state = LogState::installed;
            oracle_.running.insert(vector.id);
            oracle_.record(1, vector.id, root(1));
        }
        RC_ASSERT((log_->accept_install(vector.id, vector.sequence, vector.hash, root(1)) == LogStatus::ok) == expected);
    }

    void take_snapshot(const VmIdentity& id) {
        const auto sequence = log_->begin_snapshot(id);
        RC_ASSERT(sequence.has_value() == (oracle_.running.count(id) != 0));
        if (!sequence) return;
        const Sealed vector{id, *sequence, fresh_hash()};
        sealed_.push_back(vector);
        if (*rc::gen::inRange(0, 4) == 0) return;  // sealed and never committed
        auto& vm = oracle_.vms[id];
        RC_ASSERT(*sequence == vm.sequence + 1);
        vm.sequence = *sequence;
        vm.hash = vector.hash;
        vm.boots = 0;
        oracle_.record(2, id, root(2));
        RC_ASSERT(log_->commit_snapshot(id, *sequence, vector.hash, root(2)) == LogStatus::ok);
    }

    void uninstall(const VmIdentity& id) {
        const bool expected = oracle_.running.count(id) != 0;
        if (expected) {
            oracle_.vms[id].state = LogState::stopped;
            oracle_.running.erase(id);
            oracle_.record(3, id, root(3));
        }
        RC_ASSERT((log_->record_uninstall(id, root(3)) == LogStatus::ok) == expected);
    }

    void move(const VmIdentity& id) {
        const auto sequence = log_->begin_snapshot(id);
        if (!sequence) return;
        const Sealed vector{id, *sequence, fresh_hash()};
        sealed_.push_back(vector);
        oracle_.vms[id] = {*sequence, vector.hash, 0, LogState::moved};
        oracle_.running.erase(id);
        oracle_.record(4, id, root(4));
        RC_ASSERT(log_->commit_move(id, *sequence, vector.hash, root(4)) == LogStatus::ok);
    }

    /// A VM that another chip sealed: any sequence, more or less than what this chip knows.
    void import(const VmIdentity& id) {
        const Sealed vector{id, *rc::gen::inRange<std::uint64_t>(1, 8), fresh_hash()};
        const auto vm = oracle_.vms.find(id);
        const bool expected = vm == oracle_.vms.end() || (vm->second.state == LogState::moved && vector.sequence > vm->second.sequence);
        if (expected) {
            sealed_.push_back(vector);
            oracle_.vms[id] = {vector.sequence, vector.hash, 1, LogState::installed};
            oracle_.running.insert(id);
            oracle_.record(1, id, root(1));
        }
        RC_ASSERT((log_->accept_import(id, vector.sequence, vector.hash, root(1)) == LogStatus::ok) == expected);
    }

    /// What an adversary may do to the copies as long as one stays good.
    void tamper() {
        storage_.restore_power();
        const unsigned good = crypto::sha256({storage_.log_copy(0)}) == storage_.log_register() ? 0 : 1;
        const Bytes good_bytes = storage_.log_copy(good);
        const Bytes other_bytes = storage_.log_copy(1 - good);
        switch (*rc::gen::inRange(0, 3)) {
            case 0: storage_.write_log_copy(1 - good, *rc::gen::arbitrary<Bytes>()); break;
            case 1: storage_.write_log_copy(1 - good, good_bytes); break;
            default:
                storage_.write_log_copy(1 - good, good_bytes);
                storage_.write_log_copy(good, other_bytes);
        }
    }

    void reset() {
        storage_.restore_power();
        oracle_.running.clear();
        log_.emplace(storage_);
    }

    FailingStorage storage_;
    std::optional<VmLog> log_;
    Oracle oracle_;
    std::vector<Sealed> sealed_;
    std::uint64_t hashes_ = 0;
};

RC_GTEST_PROP(VmLogModel, AgreesWithItsOracleOverCrashesAndTampering, ()) {
    LogModel model;
    const auto steps = *rc::gen::inRange(1, 100);
    for (int i = 0; i < steps; ++i) {
        model.step();
        model.check();
    }
}

}  // namespace
}  // namespace coffer
