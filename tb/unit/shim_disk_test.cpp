// The sealed disk: what the host makes of the image, and what the guest gets to see of it.

#include "vcpu/sealed_disk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/errors.h"
#include "crypto/aes_gcm.h"
#include "crypto/sha256.h"
#include "unit/shim_io_bench.h"
#include "vcpu/protected_guest_memory.h"

namespace coffer {

std::ostream& operator<<(std::ostream& out, DiskTableStatus status) { return out << to_string(status); }

namespace {

constexpr std::uint64_t sectors = IoBench::shim_memory.sectors;
constexpr Address guest_buffer = 0x3000;
constexpr Lpid example_lpid = 0x0001'0000'0000'0018;

crypto::Key128 counting_key() {
    crypto::Key128 key;
    for (std::size_t i = 0; i < key.size(); ++i) key.data()[i] = static_cast<std::uint8_t>(i);
    return key;
}

crypto::Key128 disk_key() { return derive_disk_key(counting_key(), {1, 2, 3, 4, 5, 6, 7, 8}); }

/// Gives out LPIDs from a list, or counts up.
class ScriptedLpids final : public LpidSource {
public:
    explicit ScriptedLpids(Lpid first) : next_(first) {}
    std::optional<Lpid> next() override {
        if (left == 0) return std::nullopt;
        --left;
        given.push_back(next_);
        const Lpid lpid = next_;
        next_ += step;
        return lpid;
    }
    Lpid peek() const override { return next_; }

    std::uint64_t left = ~std::uint64_t{0};
    std::uint64_t step = 1;
    std::vector<Lpid> given;

private:
    Lpid next_;
};

/// A VM with a disk, and the host that keeps the image.
struct DiskBench : IoBench {
    static constexpr SealedDisk::Place place = shim_memory.disk();

    IoStatus write(std::uint64_t sector, const Bytes& data) {
        put_guest(guest_buffer, data);
        const IoStatus status = disk.write_sector(sector, guest_buffer, offset);
        if (status == IoStatus::ok) std::copy_n(host.bytes().begin() + offset, sector_bytes, image[sector].begin());
        return status;
    }
    /// What the guest finds, or nothing; its buffer must be as before then.
    std::optional<Bytes> read(std::uint64_t sector, IoStatus* answer = nullptr) {
        const Bytes before(sector_bytes, 0xee);
        put_guest(guest_buffer, before);
        std::copy(image.at(sector).begin(), image.at(sector).end(), host.bytes().begin() + offset);
        const IoStatus status = disk.read_sector(sector, guest_buffer, offset);
        if (answer != nullptr) *answer = status;
        const Bytes data = guest(guest_buffer, sector_bytes);
        if (status == IoStatus::ok) return data;
        EXPECT_EQ(data, before);
        return std::nullopt;
    }

    static constexpr std::uint64_t offset = page_bytes + 64;
    std::vector<Bytes> image = std::vector<Bytes>(sectors, Bytes(sector_bytes));
    ScriptedLpids lpids{example_lpid};
    SealedDisk disk{place, disk_key(), memory, bounce, lpids};
    std::mt19937_64 random{7};
};

Bytes example_sector() {
    Bytes data(sector_bytes);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(7 * i + i / 256);
    return data;
}

// Made with python3-cryptography from the formats page alone.
constexpr std::string_view example_digest = "f7b812dd1f8b10df5c082b5268ad7a0bb503ed4d4f0289652e39b76f7b110389";
constexpr std::string_view example_table =
    "435644310000009c19000000000001000000000017c01a26472e190a820b2c157aa572ca91bca7144084a88e807522dd4c870e85faf4431d08a8dd95fc17b96c997f67307b82c12e"
    "8aa56f25fc6dc05a0c4f73109703b4f471cf5dc32511b4a6a1d1cb55aa3acad52c453b35a9931fea46d9b7b9b90c5e42cc4bac9dc6cbaa1cc933dcce24a4cdeb549580a5153900b4"
    "eb05d4c830a44b2c2d84897124eb17fd884f0f71";

TEST(ShimDisk, TheExampleByteForByte) {
    EXPECT_EQ(to_hex(disk_key().view()), "8e18b95e5f624950c2bc23ce9b8078e3");
    DiskBench bench;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    ASSERT_EQ(bench.write(3, example_sector()), IoStatus::ok);
    EXPECT_EQ(to_hex(crypto::sha256({bench.image[3]})), example_digest);
    EXPECT_EQ(to_hex(bench.guest(DiskBench::place.table + 32 * 3, 32)), "18000000000001000000000000000000c325ff33efd72b7462dd616fd7a26219");
    Bytes sealed;
    ASSERT_EQ(bench.disk.close(sealed), IoStatus::ok);
    EXPECT_EQ(to_hex(sealed), example_table);
    EXPECT_EQ(to_hex(bench.guest(DiskBench::place.state, 64)),
              "43564431020000000500000000000000190000000000010000000000000000000000000000000000000000000000000000000000000000000000000000000000");
}

TEST(ShimDisk, SectorsNeverWrittenAreZerosWhateverTheImageHolds) {
    DiskBench bench;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    bench.image[2].assign(sector_bytes, 0x77);
    EXPECT_EQ(bench.read(2), Bytes(sector_bytes));
    EXPECT_EQ(bench.host.loads.size(), 0u);
}

RC_GTEST_PROP(ShimDiskProperty, ReadsGiveWhatWasWrittenLast, (const std::vector<std::pair<std::uint8_t, std::uint16_t>>& steps)) {
    DiskBench bench;
    RC_ASSERT(bench.disk.create() == IoStatus::ok);
    std::vector<Bytes> model(sectors, Bytes(sector_bytes));
    for (const auto& [choice, value] : steps) {
        const std::uint64_t sector = choice % sectors;
        if (choice % 16 == 15) {
            Bytes sealed;
            RC_ASSERT(bench.disk.close(sealed) == IoStatus::ok);
            RC_ASSERT(bench.disk.open(sealed) == IoStatus::ok);
        } else if (choice % 2 == 0) {
            std::mt19937_64 random(value);
            model[sector] = random_bytes(sector_bytes, random);
            RC_ASSERT(bench.write(sector, model[sector]) == IoStatus::ok);
        } else {
            RC_ASSERT(bench.read(sector) == model[sector]);
        }
    }
    RC_ASSERT(std::set<Lpid>(bench.lpids.given.begin(), bench.lpids.given.end()).size() == bench.lpids.given.size());
}

/// A disk as its host sees it: sealed sectors out, sectors in, the plaintext where they are accepted.
struct DiskUnderTest {
    std::function<Bytes(std::uint64_t sector, const Bytes& plaintext)> write;
    std::function<std::optional<Bytes>(std::uint64_t sector, const Bytes& sealed)> read;
    std::size_t sealed_bytes = sector_bytes;
};

/// Moves, replays, mixes and alters sealed sectors: the first that the disk takes for good.
std::string first_fault(const DiskUnderTest& disk) {
    std::mt19937_64 random(8);
    const auto fresh = [&] { return random_bytes(sector_bytes, random); };
    const Bytes old = fresh(), latest = fresh(), other = fresh();
    const Bytes sealed_old = disk.write(1, old);
    const Bytes sealed = disk.write(1, latest);
    const Bytes sealed_other = disk.write(2, other);
    if (disk.read(1, sealed) != latest || disk.read(2, sealed_other) != other) return "a good sector is refused";
    if (disk.read(2, sealed)) return "moved";
    if (disk.read(1, sealed_other)) return "swapped";
    if (disk.read(1, sealed_old)) return "replayed";
    if (disk.read(1, Bytes(disk.sealed_bytes))) return "zeroed";
    if (disk.read(1, disk.write(1, latest)) != latest) return "a good sector is refused";
    if (disk.read(1, sealed)) return "replayed with the same plaintext";
    const Bytes again = disk.write(1, latest);
    for (std::size_t at = 0; at < again.size(); at += 1 + random() % 61) {
        Bytes changed = again;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ 1u << random() % 8);
        if (disk.read(1, changed)) return "altered at byte " + std::to_string(at);
    }
    if (disk.write(1, latest) == again) return "an IV was used twice";
    if (std::search(again.begin(), again.end(), latest.begin(), latest.begin() + 16) != again.end()) return "plaintext";
    return {};
}

DiskUnderTest under_test(DiskBench& bench) {
    const auto write = [&bench](std::uint64_t sector, const Bytes& plaintext) {
        EXPECT_EQ(bench.write(sector, plaintext), IoStatus::ok);
        return bench.image[sector];
    };
    const auto read = [&bench](std::uint64_t sector, const Bytes& sealed) {
        bench.image[sector] = sealed;
        IoStatus status = IoStatus::ok;
        auto data = bench.read(sector, &status);
        EXPECT_TRUE(data || status == IoStatus::not_authentic) << status;
        return data;
    };
    return {write, read};
}

TEST(ShimDisk, MovedReplayedAndAlteredSectorsAreRefused) {
    DiskBench bench;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    EXPECT_EQ(first_fault(under_test(bench)), "");
    EXPECT_GT(bench.disk.statistics().refused, 60u);
}

TEST(ShimDiskPlanted, DisksWithAFaultAreFoundOut) {
    // IV and tag lie beside the sector, so that an old one is as good as the latest.
    Lpid lpid = 0;
    const auto seal = [&](const Block16& additional, const Bytes& plaintext) {
        crypto::Iv iv{};
        store_le64(iv.data(), ++lpid);
        Bytes sealed = crypto::gcm_seal(disk_key().view(), iv, additional, plaintext);
        sealed.insert(sealed.end(), iv.begin(), iv.end());
        return sealed;
    };
    const auto open = [](const Block16& additional, const Bytes& sealed) -> std::optional<Bytes> {
        crypto::Iv iv;
        std::copy(sealed.end() - 12, sealed.end(), iv.begin());
        Bytes plaintext;
        if (!crypto::gcm_open(disk_key().view(), iv, additional, {sealed.data(), sealed.size() - 12}, plaintext)) return std::nullopt;
        return plaintext;
    };
    const auto bound = [](std::uint64_t sector) {
        Block16 data{};
        store_le64(data.data(), sector);
        return data;
    };
    constexpr std::size_t sealed_bytes = sector_bytes + 16 + 12;
    EXPECT_EQ(first_fault({[&](std::uint64_t sector, const Bytes& data) { return seal(bound(sector), data); },
                           [&](std::uint64_t sector, const Bytes& sealed) { return open(bound(sector), sealed); }, sealed_bytes}),
              "replayed");
    EXPECT_EQ(first_fault({[&](std::uint64_t, const Bytes& data) { return seal({}, data); },
                           [&](std::uint64_t, const Bytes& sealed) { return open({}, sealed); }, sealed_bytes}),
              "moved");
    EXPECT_EQ(first_fault({[](std::uint64_t, const Bytes& data) { return data; },
                           [](std::uint64_t, const Bytes& sealed) { return std::optional<Bytes>(sealed); }}),
              "moved");
}

TEST(ShimDiskPlanted, AnLpidThatComesTwiceIsFoundOut) {
    DiskBench bench;
    bench.lpids.step = 0;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    // The shim relies on its source: with one that repeats itself an old sector and a new one of equal content are the same.
    EXPECT_EQ(first_fault(under_test(bench)), "replayed with the same plaintext");
}

TEST(ShimDisk, TheHostMayChangeTheWindowWhileItIsRead) {
    DiskBench bench;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    ASSERT_EQ(bench.write(0, example_sector()), IoStatus::ok);
    bench.host.after_load = [&] { std::fill(bench.host.bytes().begin(), bench.host.bytes().end(), 0xff); };
    EXPECT_EQ(bench.read(0), example_sector());
    EXPECT_EQ(bench.host.loads.size(), 1u);
}

TEST(ShimDisk, SealedTablesOfAnotherMomentKeyOrDiskAreRefused) {
    DiskBench bench;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    ASSERT_EQ(bench.write(1, example_sector()), IoStatus::ok);
    Bytes first, second;
    ASSERT_EQ(bench.disk.close(first), IoStatus::ok);
    ASSERT_EQ(bench.disk.open(first), IoStatus::ok);
    ASSERT_EQ(bench.disk.close(second), IoStatus::ok);
    EXPECT_EQ(bench.disk.open(first), IoStatus::not_authentic) << "an older table";
    const DiskTable table(sectors), longer(sectors + 1);
    EXPECT_EQ(bench.disk.open(seal_disk_table(table, disk_key(), 99)), IoStatus::not_authentic) << "another table of the same key";
    EXPECT_EQ(bench.disk.open(seal_disk_table(longer, disk_key(), bench.lpids.given.back())), IoStatus::not_authentic) << "another size";
    EXPECT_EQ(bench.disk.open(seal_disk_table(table, counting_key(), bench.lpids.given.back())), IoStatus::not_authentic) << "another key";
    for (std::size_t at = 0; at < second.size(); ++at) {
        Bytes changed = second;
        changed[at] ^= 0x40;
        EXPECT_EQ(bench.disk.open(changed), IoStatus::not_authentic) << at;
        EXPECT_EQ(bench.disk.open({second.data(), at}), IoStatus::not_authentic) << at;
    }
    EXPECT_EQ(bench.disk.open(second), IoStatus::ok);
    EXPECT_EQ(to_hex(bench.guest(DiskBench::place.state, 24)), "435644310100000005000000000000001a00000000000100");
    EXPECT_EQ(bench.read(1), example_sector());
    EXPECT_EQ(bench.disk.open(second), IoStatus::already_open);
}

TEST(ShimDisk, AFirstBootTakesTheOwnersTable) {
    DiskBench owner;
    ASSERT_EQ(owner.disk.create(), IoStatus::ok);
    ASSERT_EQ(owner.write(4, example_sector()), IoStatus::ok);
    Bytes sealed;
    ASSERT_EQ(owner.disk.close(sealed), IoStatus::ok);
    DiskBench vm;
    vm.image = owner.image;
    ASSERT_EQ(vm.disk.open(sealed), IoStatus::ok);
    EXPECT_EQ(vm.read(4), example_sector());
    EXPECT_EQ(vm.disk.create(), IoStatus::already_open);
}

TEST(ShimDisk, EveryOtherWayToFailHasItsStatus) {
    DiskBench bench;
    EXPECT_EQ(bench.disk.write_sector(0, guest_buffer, 0), IoStatus::not_open);
    EXPECT_EQ(bench.disk.read_sector(0, guest_buffer, 0), IoStatus::not_open);
    Bytes sealed{1, 2, 3};
    EXPECT_EQ(bench.disk.close(sealed), IoStatus::not_open);
    EXPECT_EQ(sealed, (Bytes{1, 2, 3}));
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    EXPECT_EQ(bench.disk.create(), IoStatus::already_open);
    for (const std::uint64_t sector : {sectors, sectors + 1, ~std::uint64_t{0}, std::uint64_t{1} << 59}) {
        EXPECT_EQ(bench.disk.write_sector(sector, guest_buffer, 0), IoStatus::bad_sector);
        EXPECT_EQ(bench.disk.read_sector(sector, guest_buffer, 0), IoStatus::bad_sector);
    }
    ASSERT_EQ(bench.write(0, example_sector()), IoStatus::ok);
    constexpr std::uint64_t last = ~std::uint64_t{0};
    for (const std::uint64_t offset : {IoBench::window.bytes - sector_bytes + 1, IoBench::window.bytes, last, last - 4095}) {
        EXPECT_EQ(bench.disk.write_sector(0, guest_buffer, offset), IoStatus::bad_offset);
        EXPECT_EQ(bench.disk.read_sector(0, guest_buffer, offset), IoStatus::bad_offset);
    }
    for (const Address buffer : {IoBench::shim.base, DiskBench::place.table, IoBench::window.base, IoBench::guest_bytes - 4095}) {
        EXPECT_EQ(bench.disk.write_sector(0, buffer, 0), IoStatus::bad_buffer);
        EXPECT_EQ(bench.disk.read_sector(0, buffer, DiskBench::offset), IoStatus::bad_buffer);
    }
    EXPECT_EQ(bench.read(0), example_sector()) << "refusals change nothing";
    bench.host.mapped = false;
    EXPECT_EQ(bench.disk.write_sector(0, guest_buffer, 0), IoStatus::not_mapped);
    EXPECT_EQ(bench.disk.read_sector(0, guest_buffer, 0), IoStatus::not_mapped);
    bench.host.mapped = true;
    EXPECT_EQ(bench.read(0), example_sector());
    bench.lpids.left = 0;
    EXPECT_EQ(bench.write(0, Bytes(sector_bytes)), IoStatus::exhausted);
    EXPECT_EQ(bench.disk.close(sealed), IoStatus::exhausted);
    EXPECT_EQ(bench.read(0), example_sector());
}

TEST(ShimDisk, ADamagedTableOrStateIsRefused) {
    for (const Address damaged : {DiskBench::place.state, DiskBench::place.table, guest_buffer}) {
        DiskBench bench;
        ASSERT_EQ(bench.disk.create(), IoStatus::ok);
        ASSERT_EQ(bench.write(0, example_sector()), IoStatus::ok);
        bench.memory.before = [damaged](Address gpa, bool) { return gpa == damaged ? MemoryAnswer::violated : MemoryAnswer::ok; };
        EXPECT_EQ(bench.disk.write_sector(0, guest_buffer, 0), IoStatus::violated) << damaged;
        EXPECT_EQ(bench.disk.read_sector(0, guest_buffer, DiskBench::offset), IoStatus::violated) << damaged;
        if (damaged == guest_buffer) continue;
        Bytes sealed;
        EXPECT_EQ(bench.disk.close(sealed), IoStatus::violated) << damaged;
        EXPECT_TRUE(sealed.empty());
    }
    DiskBench bench;
    bench.put_guest(DiskBench::place.state, Bytes(1, 9));
    EXPECT_EQ(bench.disk.create(), IoStatus::not_authentic);
    EXPECT_EQ(bench.disk.open({}), IoStatus::not_authentic);
}

TEST(ShimDisk, TheStateOfAnotherDiskIsRefused) {
    DiskBench bench;
    ASSERT_EQ(bench.disk.create(), IoStatus::ok);
    const Bytes state = bench.guest(DiskBench::place.state, line_bytes);
    for (std::size_t at = 0; at < state.size(); ++at) {
        Bytes changed = state;
        changed[at] ^= 0x20;
        bench.put_guest(DiskBench::place.state, changed);
        const bool is_state = at >= 16 && at < 24;  // the LPID may be any
        EXPECT_EQ(bench.disk.write_sector(0, guest_buffer, 0), is_state ? IoStatus::ok : IoStatus::not_authentic) << at;
    }
}

TEST(ShimDisk, TablesThatDoNotFitAreRefused) {
    DiskBench bench;
    const auto make = [&](SealedDisk::Place place) { SealedDisk disk(place, disk_key(), bench.memory, bench.bounce, bench.lpids); };
    EXPECT_NO_THROW(make(DiskBench::place));
    EXPECT_EQ(DiskBench::place.state, 16 * page_bytes);
    EXPECT_EQ(DiskBench::place.table, 20 * page_bytes);
    EXPECT_EQ(IoBench::shim.bytes, 5 * page_bytes);
    EXPECT_THROW(make({IoBench::shim.base, IoBench::shim.base + 4 * page_bytes, 0}), InputError);
    EXPECT_THROW(make({IoBench::shim.base, IoBench::shim.base + 4 * page_bytes, max_disk_sectors + 1}), InputError);
    EXPECT_THROW(make({IoBench::shim.base, IoBench::shim.base + 4 * page_bytes, 129}), InputError);
    EXPECT_THROW(make({IoBench::shim.base, IoBench::shim.base + 4 * page_bytes + 64, 5}), InputError);
    EXPECT_THROW(make({IoBench::shim.base, 0, 5}), InputError);
    EXPECT_THROW(make({0, IoBench::shim.base + 4 * page_bytes, 5}), InputError);
    EXPECT_THROW(make({IoBench::shim.base + 4 * page_bytes, IoBench::shim.base + 4 * page_bytes, 5}), InputError);
}

/// The plaintext of a sealed table, sealed.
Bytes sealed_plaintext(const Bytes& plaintext) {
    crypto::Iv iv{};
    store_le64(iv.data(), example_lpid);
    const Bytes box = crypto::gcm_seal(disk_key().view(), iv, std::string_view("CVD1"), plaintext);
    Bytes blob(20 + box.size());
    std::copy_n("CVD1", 4, blob.begin());
    store_be32(&blob[4], static_cast<std::uint32_t>(blob.size() - 8));
    std::copy(iv.begin(), iv.end(), blob.begin() + 8);
    std::copy(box.begin(), box.end(), blob.begin() + 20);
    return blob;
}

TEST(ShimDiskTable, EveryRuleHasItsStatus) {
    const auto open = [](const Bytes& blob) {
        DiskTable table{{7, {}}};
        Lpid lpid = 7;
        const DiskTableStatus status = open_disk_table(blob, disk_key(), table, lpid);
        EXPECT_TRUE(status == DiskTableStatus::ok || (table == DiskTable{{7, {}}} && lpid == 7));
        return status;
    };
    Bytes one(8 + 24);
    one[0] = 1;
    EXPECT_EQ(open(sealed_plaintext(one)), DiskTableStatus::ok);
    EXPECT_EQ(open(Bytes(35)), DiskTableStatus::wrong_length);
    EXPECT_EQ(open(Bytes(36)), DiskTableStatus::wrong_magic);
    Bytes blob = sealed_plaintext(one);
    blob[7] = static_cast<std::uint8_t>(blob[7] + 1);
    EXPECT_EQ(open(blob), DiskTableStatus::wrong_length);
    blob = sealed_plaintext(one);
    blob[16] = 1;
    EXPECT_EQ(open(blob), DiskTableStatus::invalid_iv);
    std::fill_n(blob.begin() + 8, 12, 0);
    EXPECT_EQ(open(blob), DiskTableStatus::invalid_iv);
    blob = sealed_plaintext(one);
    blob.back() ^= 1;
    EXPECT_EQ(open(blob), DiskTableStatus::not_authentic);
    EXPECT_EQ(open(sealed_plaintext(Bytes(8))), DiskTableStatus::invalid_sectors);
    EXPECT_EQ(open(sealed_plaintext({})), DiskTableStatus::invalid_sectors);
    Bytes plaintext = one;
    plaintext[0] = 2;
    EXPECT_EQ(open(sealed_plaintext(plaintext)), DiskTableStatus::invalid_sectors);
    plaintext[7] = 0xff;  // far more entries than bytes
    EXPECT_EQ(open(sealed_plaintext(plaintext)), DiskTableStatus::invalid_sectors);
    plaintext.assign(8, 0);
    plaintext[7] = 0x20;  // 2^61 entries: their bytes are a multiple of 2^64
    EXPECT_EQ(open(sealed_plaintext(plaintext)), DiskTableStatus::invalid_sectors);
    plaintext = one;
    plaintext[20] = 1;
    EXPECT_EQ(open(sealed_plaintext(plaintext)), DiskTableStatus::invalid_entry);
}

TEST(ShimDiskTable, OnlyGoodTablesAreSealed) {
    EXPECT_THROW(seal_disk_table({}, disk_key(), 1), std::invalid_argument);
    EXPECT_THROW(seal_disk_table(DiskTable(3), disk_key(), 0), std::invalid_argument);
    DiskTable table(3);
    table[1].tag[5] = 1;
    EXPECT_THROW(seal_disk_table(table, disk_key(), 1), std::invalid_argument);
}

TEST(ShimDiskInProtectedMemory, ATamperedOrReplayedTableStopsTheDisk) {
    constexpr Vmid vmid = 2;
    for (const bool replay : {false, true}) {
        Fixture fixture;
        fixture.memory.install(vm_of(vmid, 64));
        GuestMemoryMap map;
        map.add({0, 0, 64});
        ProtectedGuestMemory guest(fixture.memory, vmid, map);
        HostPages host(IoBench::window);
        BounceBuffer bounce(IoBench::layout, guest, host);
        SealedDisk disk(DiskBench::place, disk_key(), guest, bounce, fixture.lpids);
        ASSERT_EQ(disk.create(), IoStatus::ok);
        ASSERT_EQ(disk.write_sector(0, guest_buffer, 0), IoStatus::ok);
        fixture.memory.flush(vmid);
        const TestStore old_memory = fixture.store;
        const Bytes old_sector = host.bytes();
        ASSERT_EQ(disk.write_sector(0, guest_buffer, 0), IoStatus::ok);
        fixture.memory.flush(vmid);
        // The old sector with the old table would be a disk set back to the past.
        if (replay) {
            fixture.store = old_memory;
            host.bytes() = old_sector;
        } else {
            fixture.store.flip(DiskBench::place.table, 1);
        }
        EXPECT_EQ(disk.read_sector(0, guest_buffer, 0), IoStatus::violated);
    }
}

}  // namespace
}  // namespace coffer
