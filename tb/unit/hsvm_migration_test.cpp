// export and import: a VM goes from chip to chip, and nothing of it twice.
#include <gtest/gtest.h>

#include "unit/hsvm_machine.h"

namespace coffer {
namespace {

using Access = HsvmMachine::Access;
constexpr HsvmCaller host = HsvmCaller::host, guest = HsvmCaller::guest;

HsvmMachineSettings settings_of(bool encrypt, unsigned chip) {
    HsvmMachineSettings settings;
    settings.encrypt = encrypt;
    settings.chip = chip;
    return settings;
}

Bytes certificate_of(unsigned chip, KeyUsage usage = KeyUsage::unwrap) {
    const SignedCertificate& certificate = test_chip(chip).certificate(usage);
    return Bytes(certificate.begin(), certificate.end());
}

/// Two chips; a VM on the first that was launched, with written pages, a lost one, and one that was released. Shim at page 20.
class HsvmMigration : public testing::TestWithParam<bool> {
protected:
    static constexpr Gpn written = 5, also_written = 900, lost = 7, released = 8;

    HsvmMigration() {
        EXPECT_EQ(source.hsvm.create(host, {1100, 2, GetParam() ? 20 * page_bytes : 0}, vmid), HsvmStatus::ok);
        for (const Gpn gpn : {written, also_written, lost, released, Gpn{21}, Gpn{22}})
            EXPECT_EQ(source.hsvm.page_map(host, vmid, gpn, gpn), HsvmStatus::ok);
        VcpuContext context;
        context[Register::rip] = 0x1234;
        EXPECT_EQ(source.hsvm.launch(host, vmid, written, Bytes(100, 9), context), HsvmStatus::ok);
        measurement = source.hsvm.measurement(vmid);
        write(source, vmid, written, 3);
        write(source, vmid, also_written, 4);
        EXPECT_EQ(source.hsvm.page_unmap(host, vmid, lost), HsvmStatus::ok);
        EXPECT_EQ(source.hsvm.release(guest, vmid, released), HsvmStatus::ok);
    }

    static void write(HsvmMachine& m, Vmid vm, Gpn gpn, std::uint8_t value) {
        Block64 line;
        line.fill(value);
        ASSERT_EQ(m.guest_write(vm, gpn * page_bytes, line), Access::done);
    }
    static int read(HsvmMachine& m, Vmid vm, Gpn gpn) {
        Block64 line{};
        return m.guest_read(vm, gpn * page_bytes, line) == Access::done ? line[0] : -1;
    }
    void swap_out_all() {
        for (const Gpn gpn : {written, also_written, Gpn{21}, Gpn{22}})
            EXPECT_EQ(source.hsvm.swap_out(host, vmid, gpn, images[gpn]), HsvmStatus::ok) << gpn;
    }
    Nonce challenge(HsvmMachine& m) {
        Nonce nonce{};
        EXPECT_EQ(m.hsvm.challenge(host, nonce), HsvmStatus::ok);
        return nonce;
    }
    Bytes export_to_target() {
        Bytes blob;
        EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), challenge(target), blob), HsvmStatus::ok);
        return blob;
    }
    Vmid arrived(const Bytes& blob) {
        Vmid made = 0;
        EXPECT_EQ(target.hsvm.import_vm(host, blob, made), HsvmStatus::ok);
        return made;
    }

    HsvmMachine source{settings_of(GetParam(), 1)};
    HsvmMachine target{settings_of(GetParam(), 2)};
    Vmid vmid = 0;
    crypto::Digest measurement{};
    std::map<Gpn, Bytes> images;
};
INSTANTIATE_TEST_SUITE_P(Hsvm, HsvmMigration, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Combined, HsvmMigration, testing::Values(true));

TEST_P(HsvmMigration, TheVmGoesOnElsewhereWithAllThatItHad) {
    // Another VM at the target, so that VMID, tree and frames differ.
    Vmid other = 0;
    ASSERT_EQ(target.hsvm.create(host, {1100, 1, GetParam() ? 20 * page_bytes : 0}, other), HsvmStatus::ok);
    swap_out_all();
    const Bytes blob = export_to_target();
    EXPECT_EQ(source.hsvm.swap_in(host, vmid, written, 40, images[written]), HsvmStatus::unknown_vm);
    const Vmid there = arrived(blob);
    EXPECT_NE(there, vmid);
    EXPECT_EQ(target.hsvm.measurement(there), measurement);
    std::uint64_t frame = 100;
    for (const auto& [gpn, image] : images) ASSERT_EQ(target.hsvm.swap_in(host, there, gpn, frame++, image), HsvmStatus::ok) << gpn;
    EXPECT_EQ(read(target, there, written), 3);
    EXPECT_EQ(read(target, there, also_written), 4);
    write(target, there, written, 5);
    EXPECT_EQ(read(target, there, written), 5);
    VcpuContext context;
    ASSERT_EQ(target.hsvm.context_restore(host, there, 0, 0, context), HsvmStatus::ok);
    EXPECT_EQ(context[Register::rip], 0x1234u);
    EXPECT_EQ(target.hsvm.launch(host, there, written, Bytes(1, 1), context), HsvmStatus::not_fresh);

    EXPECT_EQ(target.hsvm.page_map(host, there, lost, 200), HsvmStatus::page_lost) << "what was taken stays lost";
    EXPECT_EQ(target.hsvm.page_map(host, there, released, 200), HsvmStatus::ok);
    EXPECT_EQ(read(target, there, released), 0);
    EXPECT_EQ(target.hsvm.page_map(host, there, 30, 201), HsvmStatus::ok) << "a page that was never used";
    EXPECT_EQ(target.memory.violations().count(), 0u);

    // Its report says who it is, on the chip where it is.
    Bytes report;
    ASSERT_EQ(target.hsvm.attest(guest, there, {}, {}, report), HsvmStatus::ok);
    AttestationReport opened;
    ASSERT_EQ(open_report(report, crypto::VerifyKey::from_der(test_chip(2).attest_key().public_der()), opened), ReportStatus::ok);
    EXPECT_EQ(opened.measurement, measurement);
    EXPECT_EQ(opened.boots, 1u);
}

TEST_P(HsvmMigration, ImagesOfTheSourceAreCheckedAtTheTarget) {
    // An image of an earlier state.
    Bytes old_image;
    ASSERT_EQ(source.hsvm.swap_out(host, vmid, written, old_image), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.swap_in(host, vmid, written, 40, old_image), HsvmStatus::ok);
    write(source, vmid, written, 6);
    swap_out_all();
    const Vmid there = arrived(export_to_target());
    EXPECT_EQ(target.hsvm.swap_in(host, there, written, 40, old_image), HsvmStatus::not_authentic);
    EXPECT_EQ(target.hsvm.swap_in(host, there, written, 40, images[also_written]), HsvmStatus::not_authentic);
    Bytes forged = images[written];
    forged[3] ^= 1;
    EXPECT_EQ(target.hsvm.swap_in(host, there, written, 40, forged), HsvmStatus::not_authentic);
    ASSERT_EQ(target.hsvm.swap_in(host, there, written, 40, images[written]), HsvmStatus::ok);
    EXPECT_EQ(read(target, there, written), 6);
}

TEST_P(HsvmMigration, ABlobIsGoodOnceAndForOneChip) {
    swap_out_all();
    const Bytes blob = export_to_target();
    Vmid made = 0;
    EXPECT_EQ(source.hsvm.import_vm(host, blob, made), HsvmStatus::not_authentic) << "not for the source's key";
    const Vmid there = arrived(blob);
    EXPECT_EQ(target.hsvm.import_vm(host, blob, made), HsvmStatus::refused) << "while the VM is there";
    ASSERT_EQ(target.hsvm.delete_vm(host, there), HsvmStatus::ok);
    EXPECT_EQ(target.hsvm.import_vm(host, blob, made), HsvmStatus::stale) << "after it has ended";
    (void)challenge(target);
    EXPECT_EQ(target.hsvm.import_vm(host, blob, made), HsvmStatus::stale) << "nor for another nonce";
}

TEST_P(HsvmMigration, AnOldBlobIsRefusedAfterTheVmHasGoneOn) {
    swap_out_all();
    const Bytes first = export_to_target();
    const Vmid there = arrived(first);
    // And back.
    Bytes second;
    ASSERT_EQ(target.hsvm.export_vm(host, there, certificate_of(1), challenge(source), second), HsvmStatus::ok);
    Vmid made = 0;
    ASSERT_EQ(source.hsvm.import_vm(host, second, made), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.swap_in(host, made, written, 40, images[written]), HsvmStatus::ok);
    EXPECT_EQ(read(source, made, written), 3);
    EXPECT_EQ(target.hsvm.import_vm(host, first, made), HsvmStatus::stale);
    (void)challenge(target);
    EXPECT_EQ(target.hsvm.import_vm(host, first, made), HsvmStatus::stale);
}

TEST_P(HsvmMigration, AWrongNonceIsStale) {
    swap_out_all();
    Nonce nonce = challenge(target);
    nonce[31] ^= 1;
    Bytes blob;
    ASSERT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), nonce, blob), HsvmStatus::ok);
    Vmid made = 0;
    EXPECT_EQ(target.hsvm.import_vm(host, blob, made), HsvmStatus::stale);
}

TEST_P(HsvmMigration, EveryByteOfABlobCounts) {
    swap_out_all();
    const Bytes blob = export_to_target();
    const std::size_t bytes = GetParam() ? VmBlob::fixed_bytes : blob.size();
    for (std::size_t i = 0; i < bytes; i += i < 16 || i + 40 > bytes ? 1 : 23) {
        if (i >= VmBlob::fixed_bytes - vm_vector_bytes + 8 && i < VmBlob::fixed_bytes - vm_vector_bytes + 16) continue;  // the hint of a tree's place
        Bytes forged = blob;
        forged[i] ^= 0x10;
        Vmid made = 0;
        ASSERT_EQ(target.hsvm.import_vm(host, forged, made), HsvmStatus::not_authentic) << i;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, VmBlob::fixed_bytes - 1, blob.size() - 1, blob.size() + 1}) {
        Bytes cut = blob;
        cut.resize(size);
        Vmid made = 0;
        ASSERT_EQ(target.hsvm.import_vm(host, cut, made), HsvmStatus::not_authentic) << size;
    }
    EXPECT_NE(arrived(blob), 0) << "and the right one is still good";
}

TEST_P(HsvmMigration, TheRootVouchesForTheNodesThatTravel) {
    if (!GetParam()) return;
    swap_out_all();
    Bytes blob = export_to_target();
    ASSERT_GT(blob.size(), VmBlob::fixed_bytes + 3 * 72);
    blob[VmBlob::fixed_bytes + 8 + 20] ^= 1;  // in a node of level 1
    const Vmid there = arrived(blob);
    unsigned refused = 0;
    for (const auto& [gpn, image] : images) refused += target.hsvm.swap_in(host, there, gpn, 100 + gpn, image) != HsvmStatus::ok;
    EXPECT_GT(refused, 0u);
    EXPECT_GT(target.memory.violations().count(), 0u) << "a node that is not the VM's is a violation when it is met";
}

TEST_P(HsvmMigration, WhatIsWrongWithTheTreeIsFoundBeforeTheVmGoes) {
    if (!GetParam()) return;
    swap_out_all();
    (void)source.memory.flush(vmid);
    source.store.flip(source.memory.entry(vmid).tree_base + written / 4 * line_bytes, 1);
    Bytes blob;
    EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), challenge(target), blob), HsvmStatus::violated);
    EXPECT_TRUE(blob.empty());
    source.store.flip(source.memory.entry(vmid).tree_base + written / 4 * line_bytes, 1);
    EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), challenge(target), blob), HsvmStatus::vm_frozen);
    EXPECT_EQ(source.gate.log().generation(), 0u) << "the log has not heard of a move";
}

TEST_P(HsvmMigration, OnlyAnotherChipOfTheFleetIsATarget) {
    swap_out_all();
    const Nonce nonce = challenge(target);
    Bytes blob;
    Bytes forged = certificate_of(2);
    forged[100] ^= 1;
    for (const Bytes& certificate : {Bytes{}, Bytes(10), forged, certificate_of(1), certificate_of(2, KeyUsage::attest)})
        EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate, nonce, blob), HsvmStatus::bad_target);
    EXPECT_TRUE(blob.empty());
    EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), nonce, blob), HsvmStatus::ok) << "the VM is still there";
}

TEST_P(HsvmMigration, WhatIsInMemoryOrSharedDoesNotTravel) {
    Bytes blob;
    const Nonce nonce = challenge(target);
    EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), nonce, blob), HsvmStatus::page_mapped);
    swap_out_all();
    ASSERT_EQ(source.hsvm.page_map(host, vmid, 30, 30), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.share(guest, vmid, 30, host_vmid, true), HsvmStatus::ok);
    EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), nonce, blob), HsvmStatus::page_shared);
    ASSERT_EQ(source.hsvm.unshare(guest, vmid, 30), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.release(guest, vmid, 30), HsvmStatus::ok);
    EXPECT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), nonce, blob), HsvmStatus::ok);
}

TEST_P(HsvmMigration, TheMoveIsOnRecordWhenTheBlobIsThere) {
    swap_out_all();
    VmIdentity identity{};
    Bytes report;
    ASSERT_EQ(source.hsvm.attest(guest, vmid, {}, {}, report), HsvmStatus::ok);
    AttestationReport opened;
    ASSERT_EQ(open_report(report, crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der()), opened), ReportStatus::ok);
    identity = opened.identity;
    (void)export_to_target();
    const VmLog after_power_loss(source.nonvolatile);
    const LogEntry* entry = after_power_loss.entry(identity);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->state, LogState::moved);
}

TEST_P(HsvmMigration, AnImportForWhichThereIsNoRoomChangesNothing) {
    swap_out_all();
    const Bytes blob = export_to_target();
    std::vector<Vmid> others;
    Vmid made = 0;
    while (target.hsvm.create(host, {1100, 1, GetParam() ? 20 * page_bytes : 0}, made) == HsvmStatus::ok) others.push_back(made);
    EXPECT_EQ(target.hsvm.import_vm(host, blob, made), HsvmStatus::no_room);
    ASSERT_EQ(target.hsvm.delete_vm(host, others.back()), HsvmStatus::ok);
    EXPECT_EQ(arrived(blob), others.back());
}

TEST_P(HsvmMigration, SixteenMigrationsAreAwaitedAtATime) {
    for (unsigned i = 0; i < 16; ++i) (void)challenge(target);
    Nonce nonce;
    EXPECT_EQ(target.hsvm.challenge(host, nonce), HsvmStatus::no_room);
}

TEST(HsvmMigrationRoom, AnImportThatRunsOutOfFramesHalfwayIsUndone) {
    HsvmMachineSettings settings = settings_of(false, 1);
    settings.chip_frames = 32;
    HsvmMachine source(settings);
    settings.chip = 2;
    HsvmMachine target(settings);
    Vmid vmid = 0, made = 0;
    ASSERT_EQ(source.hsvm.create(host, {std::uint64_t{1} << 36, 1, 0}, vmid), HsvmStatus::ok);
    Bytes image, blob;
    // Page tables of their own for pages far apart.
    std::uint64_t pages = 0;
    while (source.hsvm.page_map(host, vmid, pages << 27, 5) == HsvmStatus::ok)
        ASSERT_EQ(source.hsvm.swap_out(host, vmid, pages++ << 27, image), HsvmStatus::ok);
    ASSERT_GT(pages, 3u);
    ASSERT_EQ(target.hsvm.create(host, {1100, 1, 0}, made), HsvmStatus::ok);
    const std::uint64_t frames = target.hsvm.free_chip_frames();
    Nonce nonce;
    ASSERT_EQ(target.hsvm.challenge(host, nonce), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.export_vm(host, vmid, certificate_of(2), nonce, blob), HsvmStatus::ok);
    Vmid arrived = 0;
    EXPECT_EQ(target.hsvm.import_vm(host, blob, arrived), HsvmStatus::no_room);
    EXPECT_EQ(arrived, 0u);
    EXPECT_EQ(target.hsvm.translate(made + 1, 0, false).fault, TranslationFault::unknown_vm);
    // Swap records keep their frame.
    EXPECT_GE(target.hsvm.free_chip_frames() + 1, frames);
    ASSERT_EQ(target.hsvm.delete_vm(host, made), HsvmStatus::ok);
    EXPECT_EQ(target.hsvm.import_vm(host, blob, arrived), HsvmStatus::ok) << "nothing of the blob is used up";
}

}  // namespace
}  // namespace coffer
