#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/errors.h"
#include "unit/hsvm_bench.h"
#include "unit/hsvm_machine.h"

namespace coffer {
namespace {

using Access = HsvmMachine::Access;
constexpr HsvmCaller host = HsvmCaller::host, guest = HsvmCaller::guest;

Block64 line_with(std::uint8_t byte) {
    Block64 line;
    line.fill(byte);
    return line;
}

/// A machine with VMs of 1,100 pages, two vCPUs and, where memory is encrypted, the shim at page 20.
class HsvmOperations : public testing::TestWithParam<bool> {
protected:
    explicit HsvmOperations(HsvmMachineSettings settings = {}) : m(with(settings)) {}

    static HsvmMachineSettings with(HsvmMachineSettings settings) {
        settings.encrypt = GetParam();
        return settings;
    }
    HsvmController& hsvm() { return m.hsvm; }
    Vmid create(std::uint64_t vcpus = 2) {
        Vmid vmid = 0;
        EXPECT_EQ(hsvm().create(host, {1100, vcpus, GetParam() ? 20 * page_bytes : 0}, vmid), HsvmStatus::ok);
        return vmid;
    }
    void map(Vmid vmid, Gpn gpn, std::uint64_t frame) { ASSERT_EQ(hsvm().page_map(host, vmid, gpn, frame), HsvmStatus::ok); }
    void write(Vmid vmid, Gpn gpn, std::uint8_t byte) { ASSERT_EQ(m.guest_write(vmid, gpn * page_bytes, line_with(byte)), Access::done); }
    /// First byte of a page; nothing where the access is not done.
    std::optional<std::uint8_t> read(Vmid vmid, Gpn gpn) {
        Block64 line;
        if (m.guest_read(vmid, gpn * page_bytes, line) != Access::done) return std::nullopt;
        return line == line_with(line[0]) ? std::optional<std::uint8_t>(line[0]) : std::nullopt;
    }
    std::optional<std::uint8_t> host_read(std::uint64_t frame) {
        Block64 line;
        if (m.host_read(frame * page_bytes, line) != Access::done) return std::nullopt;
        return line[0];
    }

    HsvmMachine m;
};
INSTANTIATE_TEST_SUITE_P(Hsvm, HsvmOperations, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Combined, HsvmOperations, testing::Values(true));

TEST_P(HsvmOperations, EveryChangeKeepsTheOrder) {
    const Vmid a = create(), b = create();
    Bytes image;
    const auto in_order = [&](const char* what, HsvmStatus status) {
        EXPECT_EQ(status, HsvmStatus::ok) << what;
        std::vector<std::string> steps;
        for (const std::string& step : m.order)
            if (steps.empty() || steps.back() != step) steps.push_back(step);
        // Tables that are needed are made before, where nothing refers to what they will hold.
        if (!steps.empty() && steps.front() == "change") steps.erase(steps.begin());
        steps.erase(std::remove(steps.begin(), steps.end(), "settle"), steps.end());
        EXPECT_EQ(steps, (std::vector<std::string>{"block", "evict", "invalidate", "change", "complete"})) << what;
        m.order.clear();
    };
    m.record_order = true;
    in_order("map", hsvm().page_map(host, a, 5, 10));
    in_order("map 2 MiB", hsvm().page_map(host, a, 512, 512, true));
    in_order("move", hsvm().page_move(host, a, 5, 11));
    in_order("swap out", hsvm().swap_out(host, a, 5, image));
    in_order("swap in", hsvm().swap_in(host, a, 5, 12, image));
    in_order("share", hsvm().share(guest, a, 5, b, true));
    in_order("await", hsvm().share(guest, b, 6, a, true));
    in_order("borrow", hsvm().page_map(host, b, 6, 12));
    in_order("unmap borrowed", hsvm().page_unmap(host, b, 6));
    in_order("await no more", hsvm().unshare(guest, b, 6));
    in_order("unshare", hsvm().unshare(guest, a, 5));
    in_order("unmap", hsvm().page_unmap(host, a, 5));
    in_order("release lost", hsvm().release(guest, a, 5));
    in_order("release 2 MiB", hsvm().release(guest, a, 512, true));
    in_order("delete", hsvm().delete_vm(host, a));
}

TEST_P(HsvmOperations, SettlingComesBetweenCacheAndTlbs) {
    const Vmid a = create();
    map(a, 5, 10);
    m.record_order = true;
    ASSERT_EQ(hsvm().page_move(host, a, 5, 11), HsvmStatus::ok);
    const auto settle = std::find(m.order.begin(), m.order.end(), "settle");
    ASSERT_EQ(settle != m.order.end(), GetParam());
    if (settle == m.order.end()) return;
    EXPECT_EQ(*(settle - 1), "evict");
    EXPECT_EQ(*(settle + 1), "invalidate");
}

TEST_P(HsvmOperations, APageIsZerosWhenItComesWhateverTheHostLeftThere) {
    const Vmid a = create();
    ASSERT_EQ(m.host_write(10 * page_bytes, line_with(7)), Access::done);
    map(a, 5, 10);
    EXPECT_EQ(read(a, 5), 0);
    m.cache.evict_all(LastLevelCache::Leaving::write_back);
    EXPECT_EQ(read(a, 5), 0) << "no late write-back of the host's line";
    EXPECT_EQ(host_read(10), std::nullopt);
    EXPECT_EQ(m.host_write(10 * page_bytes, line_with(7)), Access::fault);
}

TEST_P(HsvmOperations, NothingOfAPageStaysWhenItGoes) {
    const Vmid a = create();
    for (const bool released : {true, false}) {
        map(a, 5, 10);
        write(a, 5, 0xaa);
        const HsvmStatus gone = released ? hsvm().release(guest, a, 5) : hsvm().page_unmap(host, a, 5);
        ASSERT_EQ(gone, HsvmStatus::ok);
        m.cache.evict_all(LastLevelCache::Leaving::write_back);
        ASSERT_TRUE(host_read(10));
        if (GetParam())
            EXPECT_NE(m.store.bytes(10 * page_bytes, 64), Bytes(64, 0xaa));
        else
            EXPECT_EQ(m.store.bytes(10 * page_bytes, page_bytes), Bytes(page_bytes));
    }
}

TEST_P(HsvmOperations, APageThatWasTakenIsLostUntilItsGuestReleasesIt) {
    const Vmid a = create();
    map(a, 5, 10);
    write(a, 5, 1);
    ASSERT_EQ(hsvm().page_unmap(host, a, 5), HsvmStatus::ok);
    EXPECT_EQ(hsvm().page_map(host, a, 5, 11), HsvmStatus::page_lost) << "no silent zeroing";
    ASSERT_EQ(hsvm().release(guest, a, 5), HsvmStatus::ok);
    map(a, 5, 11);
    EXPECT_EQ(read(a, 5), 0);
    EXPECT_EQ(m.memory.violations().count(), 0u);

    ASSERT_EQ(hsvm().page_unmap(host, a, 5), HsvmStatus::ok);
    Block64 line;
    EXPECT_EQ(m.guest_read(a, 5 * page_bytes, line), Access::violated);
    ASSERT_EQ(m.memory.violations().count(), 1u);
    const Violation& violation = m.memory.violations().last();
    EXPECT_EQ(violation.check, Check::lost_page);
    EXPECT_EQ(violation.vmid, a);
    EXPECT_EQ(violation.gpa, 5 * page_bytes);
    EXPECT_EQ(hsvm().release(guest, a, 5), HsvmStatus::vm_frozen);
    EXPECT_EQ(hsvm().delete_vm(host, a), HsvmStatus::ok);
}

TEST_P(HsvmOperations, TheLeafOfALostPageIsLostToo) {
    if (!GetParam()) return;
    const Vmid a = create();
    map(a, 5, 10);
    write(a, 5, 1);
    ASSERT_EQ(hsvm().page_unmap(host, a, 5), HsvmStatus::ok);
    Block64 line;
    const auto violation = m.memory.read_line(a, 5 * page_bytes, 11 * page_bytes, line.data());
    ASSERT_TRUE(violation) << "whoever maps the page past the controller";
    EXPECT_EQ(violation->check, Check::lost_page);
}

TEST_P(HsvmOperations, APageMovesWithAllThatItHolds) {
    const Vmid a = create();
    map(a, 5, 10);
    write(a, 5, 3);
    ASSERT_EQ(hsvm().page_move(host, a, 5, 11), HsvmStatus::ok);
    EXPECT_EQ(read(a, 5), 3);
    EXPECT_TRUE(host_read(10));
    EXPECT_FALSE(host_read(11));
    if (!GetParam()) {
        EXPECT_EQ(m.store.bytes(10 * page_bytes, page_bytes), Bytes(page_bytes));
    }
}

TEST_P(HsvmOperations, SwapTakesTheLatestImageOnly) {
    const Vmid a = create();
    map(a, 5, 10);
    map(a, 6, 11);
    write(a, 5, 3);
    write(a, 6, 3);
    Bytes old_image, image, other_image;
    ASSERT_EQ(hsvm().swap_out(host, a, 5, old_image), HsvmStatus::ok);
    EXPECT_TRUE(host_read(10));
    EXPECT_EQ(read(a, 5), std::nullopt);
    ASSERT_EQ(hsvm().swap_in(host, a, 5, 12, old_image), HsvmStatus::ok);
    EXPECT_EQ(read(a, 5), 3);
    write(a, 5, 4);
    ASSERT_EQ(hsvm().swap_out(host, a, 5, image), HsvmStatus::ok);
    ASSERT_EQ(hsvm().swap_out(host, a, 6, other_image), HsvmStatus::ok);
    EXPECT_EQ(hsvm().swap_in(host, a, 5, 13, old_image), HsvmStatus::not_authentic) << "replayed";
    EXPECT_EQ(hsvm().swap_in(host, a, 5, 13, other_image), HsvmStatus::not_authentic) << "of another page";
    for (const std::size_t bytes : {std::size_t{0}, image.size() - 1, image.size() + 1}) {
        Bytes wrong = image;
        wrong.resize(bytes);
        EXPECT_EQ(hsvm().swap_in(host, a, 5, 13, wrong), HsvmStatus::not_authentic) << bytes;
    }
    Bytes forged = image;
    forged[3] ^= 1;
    EXPECT_EQ(hsvm().swap_in(host, a, 5, 13, forged), HsvmStatus::not_authentic);
    EXPECT_EQ(read(a, 5), std::nullopt);
    EXPECT_TRUE(host_read(13)) << "the frame stays the host's";
    EXPECT_EQ(m.memory.violations().count(), 0u);
    ASSERT_EQ(hsvm().swap_in(host, a, 5, 13, image), HsvmStatus::ok);
    EXPECT_EQ(read(a, 5), 4);
}

TEST_P(HsvmOperations, ASwapImageIsOfTheSizeOfTheFormatAndOpensElsewhere) {
    const Vmid a = create();
    map(a, 5, 10);
    write(a, 5, 0x5a);
    Bytes image;
    ASSERT_EQ(hsvm().swap_out(host, a, 5, image), HsvmStatus::ok);
    EXPECT_EQ(image.size(), GetParam() ? 4096u + 64 * 16 + 64 : 4096u);
    EXPECT_NE(Bytes(image.begin(), image.begin() + 64), Bytes(64, 0x5a));
}

TEST_P(HsvmOperations, SharingNeedsBothGuests) {
    const Vmid a = create(), b = create();
    map(a, 5, 10);
    write(a, 5, 9);
    ASSERT_EQ(hsvm().share(guest, a, 5, b, false), HsvmStatus::ok);
    EXPECT_EQ(read(a, 5), 0) << "what was private is not shared";
    EXPECT_FALSE(host_read(10)) << "the sharer is another VM";
    EXPECT_EQ(hsvm().page_map(host, b, 6, 10), HsvmStatus::not_accepted) << "else a guest would write secrets to a page it takes for its own";
    ASSERT_EQ(hsvm().share(guest, b, 6, a, true), HsvmStatus::ok);
    EXPECT_EQ(hsvm().page_map(host, b, 6, 11), HsvmStatus::not_offered);
    ASSERT_EQ(hsvm().page_map(host, b, 6, 10), HsvmStatus::ok);
    write(a, 5, 9);
    EXPECT_EQ(read(b, 6), 9);
    EXPECT_EQ(m.guest_write(b, 6 * page_bytes, line_with(1)), Access::fault) << "read-only for the sharer";

    EXPECT_EQ(hsvm().unshare(guest, a, 5), HsvmStatus::page_lent);
    EXPECT_EQ(hsvm().page_unmap(host, a, 5), HsvmStatus::page_lent);
    EXPECT_EQ(hsvm().delete_vm(host, a), HsvmStatus::page_lent);
    ASSERT_EQ(hsvm().page_unmap(host, b, 6), HsvmStatus::ok);
    EXPECT_EQ(hsvm().page_map(host, b, 6, 12), HsvmStatus::not_offered) << "the guest still awaits a shared page, and gets no other";
    ASSERT_EQ(hsvm().page_map(host, b, 6, 10), HsvmStatus::ok);
    ASSERT_EQ(hsvm().delete_vm(host, b), HsvmStatus::ok);
    ASSERT_EQ(hsvm().unshare(guest, a, 5), HsvmStatus::ok);
    EXPECT_EQ(read(a, 5), 0);
    write(a, 5, 2);
    EXPECT_EQ(read(a, 5), 2);
}

TEST_P(HsvmOperations, FrozenVmsThatLendToEachOtherEndOneAfterTheOther) {
    const Vmid a = create(), b = create(), c = create();
    const auto lend = [&](Vmid from, Gpn gpn, std::uint64_t frame, Vmid to) {
        map(from, gpn, frame);
        ASSERT_EQ(hsvm().share(guest, from, gpn, to, true), HsvmStatus::ok);
        ASSERT_EQ(hsvm().share(guest, to, gpn + 10, from, true), HsvmStatus::ok);
        ASSERT_EQ(hsvm().page_map(host, to, gpn + 10, frame), HsvmStatus::ok);
    };
    lend(a, 5, 10, b);
    lend(b, 6, 11, a);
    lend(a, 7, 12, c);
    for (const Vmid vmid : {a, b}) {
        map(vmid, 1, 20u + vmid);
        ASSERT_EQ(hsvm().page_unmap(host, vmid, 1), HsvmStatus::ok);
        Block64 line;
        ASSERT_EQ(m.guest_read(vmid, page_bytes, line), Access::violated);
    }
    EXPECT_EQ(hsvm().page_unmap(host, b, 15), HsvmStatus::vm_frozen);
    EXPECT_EQ(hsvm().delete_vm(host, a), HsvmStatus::ok);
    Block64 line;
    EXPECT_EQ(m.guest_read(c, 17 * page_bytes, line), Access::fault) << "what the VM lent is nobody's now";
    EXPECT_EQ(hsvm().delete_vm(host, b), HsvmStatus::ok);
    map(c, 5, 10);
    EXPECT_EQ(read(c, 5), 0) << "frames are free, and cleared";
}

TEST_P(HsvmOperations, TheHostUsesWhatIsSharedWithItAsItMay) {
    const Vmid a = create();
    map(a, 5, 10);
    ASSERT_EQ(hsvm().share(guest, a, 5, host_vmid, false), HsvmStatus::ok);
    write(a, 5, 9);
    EXPECT_EQ(host_read(10), 9);
    EXPECT_EQ(m.host_write(10 * page_bytes, line_with(1)), Access::fault);
    ASSERT_EQ(hsvm().unshare(guest, a, 5), HsvmStatus::ok);
    EXPECT_FALSE(host_read(10));
    ASSERT_EQ(hsvm().share(guest, a, 5, host_vmid, true), HsvmStatus::ok);
    EXPECT_EQ(m.host_write(10 * page_bytes, line_with(1)), Access::done);
    EXPECT_EQ(read(a, 5), 1);
}

TEST_P(HsvmOperations, APageThatWasSharedIsPlainNoMoreAndNothingOfItStays) {
    const Vmid a = create();
    map(a, 5, 10);
    ASSERT_EQ(hsvm().share(guest, a, 5, host_vmid, true), HsvmStatus::ok);
    write(a, 5, 9);
    ASSERT_EQ(hsvm().page_unmap(host, a, 5), HsvmStatus::ok);
    EXPECT_EQ(host_read(10), 0);
    EXPECT_EQ(read(a, 5), std::nullopt);
}

TEST_P(HsvmOperations, TwoMebibytesAreAllOrNothing) {
    const Vmid a = create(), b = create();
    map(b, 3, 700);
    EXPECT_EQ(hsvm().page_map(host, a, 512, 512, true), HsvmStatus::frame_owned);
    EXPECT_EQ(hsvm().page_map(host, a, 0, 512), HsvmStatus::ok);
    ASSERT_EQ(hsvm().page_map(host, a, 512, 1024, true), HsvmStatus::ok);
    for (const std::uint64_t i : {0, 200, 511}) {
        EXPECT_EQ(hsvm().ownership(1024 + i), (OwnershipEntry{a, OwnershipState::owned, false, host_vmid, 512 + i}));
        write(a, 512 + i, static_cast<std::uint8_t>(i));
    }
    EXPECT_EQ(hsvm().page_map(host, b, 512, 1024, true), HsvmStatus::frame_owned);
    EXPECT_EQ(hsvm().page_map(host, b, 513, 1536, true), HsvmStatus::bad_argument);

    ASSERT_EQ(hsvm().release(guest, a, 600), HsvmStatus::ok) << "one of them alone";
    EXPECT_EQ(read(a, 712), 200);
    EXPECT_EQ(hsvm().page_unmap(host, a, 512, true), HsvmStatus::page_empty);
    map(a, 600, 40);
    ASSERT_EQ(hsvm().page_unmap(host, a, 512, true), HsvmStatus::ok);
    EXPECT_EQ(hsvm().ownership(40).state, OwnershipState::free);
    for (const Gpn gpn : {512, 600, 1023}) EXPECT_EQ(m.npt_bits(a, gpn), NptEntry::lost_bit);
    ASSERT_EQ(hsvm().release(guest, a, 512), HsvmStatus::ok);
    EXPECT_EQ(m.npt_bits(a, 512), 0u);
    EXPECT_EQ(m.npt_bits(a, 513), NptEntry::lost_bit);
}

TEST_P(HsvmOperations, ContextsComeBackAndAVcpuIsOnOneCore) {
    const Vmid a = create(5);
    for (Gpn gpn = 21; GetParam() && gpn < 26; ++gpn) map(a, gpn, gpn);
    VcpuContext saved, restored;
    for (std::uint32_t vcpu = 0; vcpu < 5; ++vcpu) {
        EXPECT_EQ(hsvm().context_restore(host, a, vcpu, 2, restored), HsvmStatus::ok);
        EXPECT_EQ(restored, VcpuContext{});
        EXPECT_EQ(hsvm().running(2), a);
        EXPECT_EQ(hsvm().context_restore(host, a, vcpu, 3, restored), HsvmStatus::vcpu_running);
        saved[Register::rip] = 0x1000 + vcpu;
        saved.extended[extended_state_bytes - 1] = static_cast<std::uint8_t>(vcpu);
        EXPECT_EQ(hsvm().context_save(host, a, vcpu, 2, saved), HsvmStatus::ok);
        EXPECT_EQ(hsvm().running(2), std::nullopt);
    }
    for (std::uint32_t vcpu = 0; vcpu < 5; ++vcpu) {
        EXPECT_EQ(hsvm().context_restore(host, a, vcpu, vcpu % 4, restored), HsvmStatus::ok);
        EXPECT_EQ(restored[Register::rip], 0x1000 + vcpu);
        EXPECT_EQ(restored.extended[extended_state_bytes - 1], vcpu);
        EXPECT_EQ(hsvm().context_save(host, a, vcpu, vcpu % 4, restored), HsvmStatus::ok);
    }
    EXPECT_EQ(hsvm().running(99), std::nullopt);
}

TEST_P(HsvmOperations, AVmIdThatComesAgainHasNothingOfTheVmBefore) {
    const Vmid a = create();
    const std::uint64_t frames = hsvm().free_chip_frames();
    map(a, 5, 10);
    write(a, 5, 9);
    map(a, 7, 11);
    ASSERT_EQ(hsvm().share(guest, a, 7, host_vmid, true), HsvmStatus::ok);
    write(a, 7, 9);
    Bytes image;
    map(a, 8, 12);
    ASSERT_EQ(hsvm().swap_out(host, a, 8, image), HsvmStatus::ok);
    ASSERT_EQ(hsvm().delete_vm(host, a), HsvmStatus::ok);
    EXPECT_EQ(host_read(11), 0) << "a shared page is cleared, too";
    if (!GetParam()) {
        EXPECT_EQ(host_read(10), 0);
    }
    const Vmid again = create();
    EXPECT_EQ(again, a);
    map(again, 5, 10);
    EXPECT_EQ(read(again, 5), 0);
    EXPECT_EQ(hsvm().swap_in(host, again, 8, 12, image), HsvmStatus::page_empty);
    // The frame of the swap directory stays, and the new VM has a page table of its own.
    EXPECT_EQ(hsvm().free_chip_frames(), frames - 3 - (GetParam() ? 0 : 1));
}

TEST_P(HsvmOperations, VmIdsAndRoomEnd) {
    Vmid vmid = 0;
    for (unsigned i = 0; i < 14; ++i) create();
    EXPECT_EQ(hsvm().create(host, {1100, 2, GetParam() ? 20 * page_bytes : 0}, vmid), HsvmStatus::no_room) << "VMIDs";
    ASSERT_EQ(hsvm().delete_vm(host, 7), HsvmStatus::ok);
    EXPECT_EQ(hsvm().create(host, {std::uint64_t{1} << 36, 60'000, GetParam() ? 20 * page_bytes : 0}, vmid),
              GetParam() ? HsvmStatus::ok : HsvmStatus::no_room)
        << "contexts in the chip region";
    if (!GetParam()) {
        EXPECT_EQ(create(), 7);
    }
    // Pages far apart need tables of their own.
    const Vmid large = GetParam() ? vmid : Vmid{7};
    HsvmStatus status = HsvmStatus::ok;
    std::uint64_t frame = 0;
    for (Gpn gpn = 0; status == HsvmStatus::ok && GetParam(); gpn += Gpn{1} << 27) status = hsvm().page_map(host, large, gpn, frame++);
    if (GetParam()) {
        EXPECT_EQ(status, HsvmStatus::no_room);
        EXPECT_EQ(hsvm().ownership(frame - 1), OwnershipEntry{});
    }
}

TEST(HsvmController, RefusesParametersThatDoNotFit) {
    Fixture fixture;
    ProtectedMemoryPort port(fixture.memory, fixture.store, fixture.lpids, {});
    NoCaches ordering;
    SeededKeySource keys{numbered_key(1)};
    EXPECT_THROW(HsvmController({16, 4}, port, ordering, keys), InputError) << "a chip region of one page";
}

TEST(HsvmController, TakesNothingFromWhatPlainMemoryHeldBefore) {
    HsvmMachineSettings settings;
    settings.encrypt = false;
    HsvmMachine first(settings);
    Vmid vmid = 0;
    ASSERT_EQ(first.hsvm.create(host, {1100, 1, 0}, vmid), HsvmStatus::ok);
    ASSERT_EQ(first.hsvm.page_map(host, vmid, 5, 10), HsvmStatus::ok);

    ProtectedMemoryParameters p;
    p.scheme.encrypt = false;
    p.data_bytes = settings.data_frames * page_bytes;
    p.chip_bytes = settings.chip_frames * page_bytes;
    ProtectedMemory memory(p, first.store, first.lpids);
    ProtectedMemoryPort port(memory, first.store, first.lpids, {});
    NoCaches ordering;
    SeededKeySource keys{numbered_key(1)};
    HsvmController second({16, 4}, port, ordering, keys);
    EXPECT_EQ(second.delete_vm(host, vmid), HsvmStatus::unknown_vm);
    EXPECT_EQ(second.ownership(10), OwnershipEntry{});
}

TEST(HsvmController, TamperingWithTheChipRegionStopsEverything) {
    HsvmMachine m(HsvmMachineSettings{});
    Vmid vmid = 0;
    ASSERT_EQ(m.hsvm.create(host, {1100, 1, 20 * page_bytes}, vmid), HsvmStatus::ok);
    ASSERT_EQ(m.hsvm.page_map(host, vmid, 5, 10), HsvmStatus::ok);
    m.store.flip(m.hsvm.layout().ownership + 10 * 16, 1);
    EXPECT_EQ(m.hsvm.page_map(host, vmid, 6, 11), HsvmStatus::chip_stopped);
    EXPECT_EQ(m.hsvm.page_unmap(host, vmid, 5), HsvmStatus::chip_stopped);
    EXPECT_FALSE(m.hsvm.host_may_access(12, false));
    EXPECT_EQ(m.hsvm.translate(vmid, 5 * page_bytes, false).fault, TranslationFault::chip_stopped);
    EXPECT_TRUE(m.memory.violations().frozen(chip_vmid));
}

TEST(HsvmController, TamperingWithAPageIsFoundByTheOperationThatMeetsIt) {
    for (const OnViolation policy : {OnViolation::freeze, OnViolation::report}) {
        HsvmMachineSettings settings;
        settings.on_violation = policy;
        HsvmMachine m(settings);
        Vmid vmid = 0;
        ASSERT_EQ(m.hsvm.create(host, {1100, 1, 20 * page_bytes}, vmid), HsvmStatus::ok);
        ASSERT_EQ(m.hsvm.page_map(host, vmid, 21, 21), HsvmStatus::ok);
        VcpuContext context;
        ASSERT_EQ(m.hsvm.context_restore(host, vmid, 0, 0, context), HsvmStatus::ok);
        context[Register::rip] = 7;
        ASSERT_EQ(m.hsvm.context_save(host, vmid, 0, 0, context), HsvmStatus::ok);
        m.store.flip(21 * page_bytes + 2 * line_bytes + 64, 1);
        EXPECT_EQ(m.hsvm.context_restore(host, vmid, 0, 0, context), HsvmStatus::violated);
        EXPECT_EQ(m.hsvm.running(0), std::nullopt);
        EXPECT_EQ(m.memory.violations().count(), 1u);
    }
}

TEST(HsvmController, ALeafThatCannotBeChangedLeavesThePageLost) {
    HsvmMachineSettings settings;
    settings.on_violation = OnViolation::report;
    HsvmMachine m(settings);
    Vmid vmid = 0;
    ASSERT_EQ(m.hsvm.create(host, {1100, 1, 20 * page_bytes}, vmid), HsvmStatus::ok);
    ASSERT_EQ(m.hsvm.page_map(host, vmid, 5, 10), HsvmStatus::ok);
    (void)m.memory.flush(vmid);
    // All nodes of level 1 in memory change, whichever hold the leaf.
    const Address tree = m.memory.entry(vmid).tree_base;
    for (Address node = tree; node < tree + 275 * 64; node += 64) m.store.flip(node, 1);
    EXPECT_EQ(m.hsvm.release(guest, vmid, 5), HsvmStatus::violated);
    EXPECT_EQ(m.npt_bits(vmid, 5), NptEntry::lost_bit) << "not empty: the hypervisor could map zeros there";
    EXPECT_EQ(m.hsvm.ownership(10), OwnershipEntry{});
}

TEST(HsvmController, LpidsEnd) {
    for (const bool encrypt : {false, true}) {
        HsvmBench bench({encrypt, OnViolation::freeze});
        HsvmController& hsvm = bench.hsvm;
        bench.lpids.remaining = 100;
        Vmid vmid = 0;
        ASSERT_EQ(hsvm.create(host, {200, 1, encrypt ? 20 * page_bytes : 0}, vmid), HsvmStatus::ok);
        HsvmStatus status = HsvmStatus::ok;
        if (encrypt) {
            for (Gpn gpn = 0; status == HsvmStatus::ok && gpn < 200; ++gpn) status = hsvm.page_map(host, vmid, gpn, gpn);
        } else {
            Bytes image;
            ASSERT_EQ(hsvm.page_map(host, vmid, 3, 3), HsvmStatus::ok);
            for (unsigned i = 0; status == HsvmStatus::ok && i < 200; ++i) {
                status = hsvm.swap_out(host, vmid, 3, image);
                if (status == HsvmStatus::ok) {
                    ASSERT_EQ(hsvm.swap_in(host, vmid, 3, 3, image), HsvmStatus::ok);
                }
            }
            EXPECT_EQ(hsvm.ownership(3).owner, vmid) << "the page is where it was";
        }
        EXPECT_EQ(status, HsvmStatus::exhausted);
        EXPECT_FALSE(bench.memory.violations().frozen(vmid)) << "what a hypervisor cannot have is no violation of its VM's";
    }
}

}  // namespace
}  // namespace coffer
