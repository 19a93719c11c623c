#include "vm_table/vm_lifecycle.h"

#include <gtest/gtest.h>

#include "common/errors.h"
#include "unit/chip_bench.h"

namespace coffer {
namespace {

crypto::Key128 owners_key(std::uint8_t number = 0) { return crypto::Key128({0x42, number}); }

Bytes wrapped(const crypto::Key128& key) { return wrapped_for(test_chip(1), key); }

struct Chip : ChipBench {
    SealedVector snapshot(Vmid vmid) {
        SealedVector blob{};
        EXPECT_TRUE(boot->vms.snapshot(vmid, [&](const SealedVector& written) { blob = written; }).ok());
        return blob;
    }
};

TEST(VmLifecycle, LatestSnapshotIsRestoredAfterACrashAndCounted) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    ASSERT_EQ(vmid, 2);
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 7));
    const SealedVector first = chip.snapshot(vmid);
    chip.reset();
    const auto restored = chip.boot->vms.install(wrapped(owners_key()), first);
    ASSERT_TRUE(restored.ok()) << to_string(restored.log_status);
    EXPECT_EQ(chip.boot->read(restored.vmid, 0x1000), 7);
    EXPECT_EQ(chip.boot->vms.log().boots(derive_identity(owners_key(), test_fleet().id)), 1u);
    EXPECT_TRUE(chip.boot->write(restored.vmid, 0x1000, 8));
}

TEST(VmLifecycle, AnOlderSnapshotIsRefused) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 7));
    const SealedVector first = chip.snapshot(vmid);
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 8));
    const SealedVector second = chip.snapshot(vmid);
    chip.reset();
    const auto old = chip.boot->vms.install(wrapped(owners_key()), first);
    EXPECT_EQ(old.status, LifecycleStatus::refused);
    EXPECT_EQ(old.log_status, LogStatus::old_vector);
    const auto boot_image = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key()));
    EXPECT_EQ(boot_image.status, LifecycleStatus::refused);
    const auto latest = chip.boot->vms.install(wrapped(owners_key()), second);
    ASSERT_TRUE(latest.ok());
    EXPECT_EQ(chip.boot->read(latest.vmid, 0x1000), 8);
}

TEST(VmLifecycle, TheLatestSnapshotIsRestoredAlsoWhenOtherVmsBootedInBetween) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 7));
    const SealedVector old = chip.snapshot(vmid);
    const TestStore old_memory = chip.store;
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 8));
    const SealedVector latest = chip.snapshot(vmid);
    const TestStore latest_memory = chip.store;

    // Others come and go, over crashes, and change log and LPIDs. They use other frames and the first VM's VMID.
    for (std::uint8_t number = 1; number <= 6; ++number) {
        if (number % 2 == 0) chip.reset();
        const auto other = chip.boot->vms.install(wrapped(owners_key(number)), sealed(boot_vector(owners_key(number)), owners_key(number)));
        ASSERT_TRUE(other.ok());
        ASSERT_TRUE(chip.boot->write(other.vmid, 0x2000, number, 32 * page_bytes));
        (void)chip.snapshot(other.vmid);
        if (number % 3 == 0) {
            ASSERT_TRUE(chip.boot->vms.uninstall(other.vmid).ok());
        }
    }
    // The adversary sets memory back.
    chip.store = old_memory;
    chip.reset();
    EXPECT_EQ(chip.boot->vms.install(wrapped(owners_key()), old).log_status, LogStatus::old_vector);
    chip.store = latest_memory;
    chip.reset();
    const auto restored = chip.boot->vms.install(wrapped(owners_key()), latest);
    ASSERT_TRUE(restored.ok()) << to_string(restored.log_status);
    EXPECT_EQ(chip.boot->read(restored.vmid, 0x1000), 8);
    EXPECT_EQ(chip.boot->vms.log().boots(derive_identity(owners_key(), test_fleet().id)), 1u);
}

TEST(VmLifecycle, SettingTheWholeLogBackIsLoud) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    (void)chip.snapshot(vmid);
    const Bytes old_copies[] = {chip.nonvolatile.log_copy(0), chip.nonvolatile.log_copy(1)};
    (void)chip.snapshot(vmid);
    (void)chip.snapshot(vmid);
    for (unsigned copy : {0u, 1u}) chip.nonvolatile.write_log_copy(copy, old_copies[copy]);
    EXPECT_THROW(chip.reset(), InputError) << "a chip whose log was set back does not start";
}

TEST(VmLifecycle, MemoryOfAnotherMomentIsFoundOut) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 7));
    const SealedVector blob = chip.snapshot(vmid);
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 8));
    chip.boot->memory.flush(vmid);
    chip.reset();
    const auto restored = chip.boot->vms.install(wrapped(owners_key()), blob);
    ASSERT_TRUE(restored.ok());
    EXPECT_EQ(chip.boot->read(restored.vmid, 0x1000), -1);
}

TEST(VmLifecycle, ForgeriesAreRefusedAndChangeNothing) {
    Chip chip;
    SealedVector vector = sealed(boot_vector(owners_key()), owners_key());
    Bytes key = wrapped(owners_key());
    key[10] ^= 1;
    EXPECT_EQ(chip.boot->vms.install(key, vector).status, LifecycleStatus::bad_key);
    EXPECT_EQ(chip.boot->vms.install(wrapped(owners_key(1)), vector).vector_status, VectorStatus::not_authentic);
    vector[60] ^= 1;
    EXPECT_EQ(chip.boot->vms.install(wrapped(owners_key()), vector).vector_status, VectorStatus::not_authentic);
    VmVector stranger = boot_vector(owners_key());
    stranger.identity[0] ^= 1;
    EXPECT_EQ(chip.boot->vms.install(wrapped(owners_key()), sealed(stranger, owners_key())).status, LifecycleStatus::bad_vector);
    VmVector other = boot_vector(owners_key());
    other.data_mac = MacAlgorithm::cmac;
    EXPECT_EQ(chip.boot->vms.install(wrapped(owners_key()), sealed(other, owners_key())).status, LifecycleStatus::other_scheme);
    EXPECT_FALSE(chip.boot->memory.vm_table().installed(2));
    EXPECT_EQ(chip.boot->vms.log().generation(), 0u);
    EXPECT_EQ(chip.boot->vms.snapshot(2, [](const SealedVector&) {}).status, LifecycleStatus::unknown_vmid);
}

TEST(VmLifecycle, ASnapshotOfTamperedMemoryIsRefused) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 7));
    chip.store.flip(0x1000, 1);
    EXPECT_EQ(chip.boot->read(vmid, 0x1000), -1);
    bool written = false;
    EXPECT_EQ(chip.boot->vms.snapshot(vmid, [&](const SealedVector&) { written = true; }).status, LifecycleStatus::violated);
    EXPECT_FALSE(written);
}

TEST(VmLifecycle, AVmWhoseEntryWasTamperedWithHasNoSnapshotAndCanEnd) {
    Chip chip;
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).vmid;
    ASSERT_TRUE(chip.boot->write(vmid, 0x1000, 7));
    const auto other = chip.boot->vms.install(wrapped(owners_key(1)), sealed(boot_vector(owners_key(1)), owners_key(1))).vmid;
    ASSERT_TRUE(chip.boot->write(other, 0x2000, 8)) << "takes the register set over";
    chip.store.flip(chip.boot->memory.map().chip_base() + vmid * VmTable::entry_bytes, 1);
    EXPECT_EQ(chip.boot->vms.snapshot(vmid, [](const SealedVector&) {}).status, LifecycleStatus::violated);
    EXPECT_TRUE(chip.boot->vms.uninstall(vmid).ok());
    EXPECT_EQ(chip.boot->vms.uninstall(vmid).status, LifecycleStatus::unknown_vmid);
}

TEST(VmLifecycle, AVmidServesAnotherVmAfterUninstall) {
    Chip chip;
    const auto first = chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key()));
    EXPECT_EQ(chip.boot->vms.install(wrapped(owners_key()), sealed(boot_vector(owners_key()), owners_key())).log_status, LogStatus::running);
    ASSERT_TRUE(chip.boot->write(first.vmid, 0x1000, 7));
    ASSERT_TRUE(chip.boot->vms.uninstall(first.vmid).ok());
    const auto second = chip.boot->vms.install(wrapped(owners_key(1)), sealed(boot_vector(owners_key(1)), owners_key(1)));
    ASSERT_EQ(second.vmid, first.vmid);
    EXPECT_EQ(chip.boot->read(second.vmid, 0x1000), 0) << "an empty leaf reads as zeros";
}

TEST(VmLifecycle, AttestsARunningVmAndNoOther) {
    Chip chip;
    VmVector vector = boot_vector(owners_key());
    vector.measurement = {4, 5, 6};
    const auto vmid = chip.boot->vms.install(wrapped(owners_key()), sealed(vector, owners_key())).vmid;
    SignedReport bytes{};
    ASSERT_TRUE(chip.boot->vms.attest(vmid, {7}, {8}, bytes).ok());
    AttestationReport report;
    const crypto::VerifyKey key = crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der());
    ASSERT_EQ(open_report(bytes, key, report), ReportStatus::ok);
    EXPECT_EQ(report.identity, vector.identity);
    EXPECT_EQ(report.measurement, vector.measurement);
    EXPECT_EQ(report.boots, 1u);
    EXPECT_EQ(report.log_register, chip.nonvolatile.log_register());
    EXPECT_EQ(report.nonce, Nonce{7});
    EXPECT_EQ(report.data, ReportData{8});
    EXPECT_EQ(report.claims.scheme.data_mac, MacAlgorithm::gcm);

    (void)chip.snapshot(vmid);
    ASSERT_TRUE(chip.boot->vms.attest(vmid, {}, {}, bytes).ok());
    ASSERT_EQ(open_report(bytes, key, report), ReportStatus::ok);
    EXPECT_EQ(report.boots, 0u);

    EXPECT_EQ(chip.boot->vms.attest(9, {}, {}, bytes).status, LifecycleStatus::unknown_vmid);
    chip.boot->memory.violations().raise({Check::data_tag, vmid, 0, 0, 0, 0});
    EXPECT_EQ(chip.boot->vms.attest(vmid, {}, {}, bytes).status, LifecycleStatus::violated);
}

TEST(VmLifecycle, VmidsEndWhereTheChipRegionOrTheParameterDoes) {
    TestStore store;
    MemoryNonVolatile nonvolatile{ChipNumber(1)};
    ChipBoot boot(test_chip(1), store, nonvolatile, 4);
    EXPECT_EQ(boot.vms.install(wrapped(owners_key(0)), sealed(boot_vector(owners_key(0)), owners_key(0))).vmid, 2);
    EXPECT_EQ(boot.vms.install(wrapped(owners_key(1)), sealed(boot_vector(owners_key(1)), owners_key(1))).vmid, 3);
    EXPECT_EQ(boot.vms.install(wrapped(owners_key(2)), sealed(boot_vector(owners_key(2)), owners_key(2))).status, LifecycleStatus::no_vmid);
    EXPECT_EQ(ProtectedMemoryDomains(boot.memory).vmids(), page_bytes / VmTable::entry_bytes);
    EXPECT_EQ(VmTable::vmids_with_entry(Address{1} << 40, max_vmids), 65536u);
}

}  // namespace
}  // namespace coffer
