// VMs that come from vectors, where H-SVM runs: their tree tells what they have, their images come from swap out.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "hsvm/hsvm_domains.h"
#include "hsvm/protected_memory_port.h"
#include "hsvm/seeded_key_source.h"
#include "unit/chip_bench.h"
#include "unit/hsvm_bench.h"
#include "vm_table/vm_lifecycle.h"

namespace coffer {
namespace {

constexpr HsvmCaller host = HsvmCaller::host, guest = HsvmCaller::guest;
constexpr std::uint64_t pages = 600;
constexpr Gpn shim = 20;
const crypto::Key128 k_vm({0x42});

ProtectedMemoryParameters parameters_of(const ChipIdentity& chip) {
    ProtectedMemoryParameters p;
    p.data_bytes = 256 * page_bytes;
    p.chip_bytes = 64 * page_bytes;
    p.chip.number = chip.number();
    p.chip.fleet_id = chip.fleet_id();
    return p;
}

/// One boot of a chip in configuration combined, over memory and non-volatile state that outlive it.
struct Boot {
    Boot(unsigned chip, ByteStore& store, NonVolatile& nonvolatile, std::uint64_t randomness = 9)
        : lpids(nonvolatile),
          memory(parameters_of(test_chip(chip)), store, lpids),
          port(memory, store, lpids, test_chip(chip).fleet_id()),
          gate(lpids, nonvolatile, test_chip(chip), {}),
          keys(numbered_key(randomness)),
          hsvm({16, 4}, port, ordering, keys, &gate),
          domains(hsvm, port),
          vms(domains, gate) {}

    bool write(Vmid vmid, Gpn gpn, std::uint8_t value) {
        const Translation translation = hsvm.translate(vmid, gpn * page_bytes, true);
        Block64 line;
        line.fill(value);
        return translation.fault == TranslationFault::none && !memory.write_line(vmid, gpn * page_bytes, translation.hpa, line.data());
    }
    int read(Vmid vmid, Gpn gpn) {
        const Translation translation = hsvm.translate(vmid, gpn * page_bytes, false);
        Block64 line{};
        if (translation.fault != TranslationFault::none || memory.read_line(vmid, gpn * page_bytes, translation.hpa, line.data())) return -1;
        return line[0];
    }

    LpidAllocator lpids;
    ProtectedMemory memory;
    ProtectedMemoryPort port;
    VmGate gate;
    NoCaches ordering;
    SeededKeySource keys;
    HsvmController hsvm;
    HsvmDomains domains;
    VmLifecycle vms;
};

/// What the host keeps of a snapshot.
struct Kept {
    SealedVector vector{};
    Bytes tree;
    std::map<Gpn, Bytes> images;
    Bytes vm_key = wrapped_for(test_chip(1), k_vm);
};

class HsvmLifecycle : public testing::Test {
protected:
    void reset() {
        boot.reset();
        boot = std::make_unique<Boot>(1, store, nonvolatile, ++randomness);
    }
    static VmVector image() {
        VmVector vector = boot_vector(k_vm);
        vector.pages = pages;
        vector.addr_shim = shim * page_bytes;
        vector.vcpus = 2;
        vector.measurement = {7, 8, 9};
        return vector;
    }
    VmLifecycle::Result install(const Kept& kept) {
        boot->domains.bring_tree(kept.tree);
        return boot->vms.install(kept.vm_key, kept.vector);
    }
    Vmid install_new() {
        Kept kept;
        kept.vector = sealed(image(), k_vm);
        const auto result = install(kept);
        EXPECT_TRUE(result.ok()) << to_string(result.status);
        return result.vmid;
    }
    void map(Vmid vmid, Gpn gpn, std::uint64_t frame) { ASSERT_EQ(boot->hsvm.page_map(host, vmid, gpn, frame), HsvmStatus::ok); }
    /// Swaps pages out, takes the snapshot, and swaps them in again, as a hypervisor does.
    Kept snapshot(Vmid vmid, std::initializer_list<Gpn> resident) {
        Kept kept;
        for (const Gpn gpn : resident) EXPECT_EQ(boot->hsvm.swap_out(host, vmid, gpn, kept.images[gpn]), HsvmStatus::ok);
        const auto result = boot->vms.snapshot(vmid, [&](const SealedVector& vector) {
            kept.vector = vector;
            kept.tree = *boot->domains.tree(vmid);
            kept.vm_key = boot->gate.vm_key(vmid);
        });
        EXPECT_TRUE(result.ok()) << to_string(result.status);
        std::uint64_t frame = 30;
        for (const auto& [gpn, bytes] : kept.images) EXPECT_EQ(boot->hsvm.swap_in(host, vmid, gpn, frame++, bytes), HsvmStatus::ok);
        return kept;
    }
    /// Other VMs that boot before, so that VMIDs, trees and frames are others.
    void boot_others() {
        for (unsigned i = 0; i < 3; ++i) {
            Vmid other = 0;
            ASSERT_EQ(boot->hsvm.create(host, {pages + i * 100, 1, shim * page_bytes}, other), HsvmStatus::ok);
            for (Gpn gpn = 0; gpn < 20; ++gpn) {
                map(other, gpn, 20 * i + gpn);
                ASSERT_TRUE(boot->write(other, gpn, 0xee));
            }
        }
    }

    std::uint64_t randomness = 9;  // of the boot: no VM that is made has the key of an earlier one
    TestStore store;
    MemoryNonVolatile nonvolatile{test_chip(1).number()};
    std::unique_ptr<Boot> boot = std::make_unique<Boot>(1, store, nonvolatile);
};

TEST_F(HsvmLifecycle, AVmFromAVectorIsAVmOfTheController) {
    const Vmid vmid = install_new();
    map(vmid, 5, 10);
    ASSERT_TRUE(boot->write(vmid, 5, 3));
    EXPECT_EQ(boot->read(vmid, 5), 3);
    EXPECT_EQ(boot->hsvm.measurement(vmid), (crypto::Digest{7, 8, 9}));
    EXPECT_EQ(boot->hsvm.launch(host, vmid, 5, Bytes(1), {}), HsvmStatus::not_fresh);
    Vmid created = 0;
    ASSERT_EQ(boot->hsvm.create(host, {pages, 1, shim * page_bytes}, created), HsvmStatus::ok);
    EXPECT_NE(created, vmid) << "one choice of VMIDs";
    Bytes report;
    ASSERT_EQ(boot->hsvm.attest(guest, vmid, {}, {}, report), HsvmStatus::ok);
    AttestationReport opened;
    ASSERT_EQ(open_report(report, crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der()), opened), ReportStatus::ok);
    EXPECT_EQ(opened.identity, derive_identity(k_vm, test_fleet().id));
    EXPECT_EQ(opened.boots, 1u);
    ASSERT_TRUE(boot->vms.uninstall(vmid).ok());
    EXPECT_EQ(boot->hsvm.page_map(host, vmid, 6, 11), HsvmStatus::unknown_vm);
    EXPECT_EQ(boot->hsvm.ownership(10), OwnershipEntry{});
}

TEST_F(HsvmLifecycle, TheLatestSnapshotComesBackAfterACrashWhereverThereIsRoom) {
    const Vmid vmid = install_new();
    for (const Gpn gpn : {5, 6, 500, 21, 22, 8, 9}) map(vmid, gpn, 40 + gpn % 100);
    ASSERT_TRUE(boot->write(vmid, 5, 1));
    const Kept old = snapshot(vmid, {5, 6, 500, 21, 22, 8, 9});
    ASSERT_TRUE(boot->write(vmid, 5, 2));
    ASSERT_TRUE(boot->write(vmid, 500, 3));
    VcpuContext context;
    context[Register::rip] = 0x77;
    VcpuContext before;
    ASSERT_EQ(boot->hsvm.context_restore(host, vmid, 0, 0, before), HsvmStatus::ok);
    ASSERT_EQ(boot->hsvm.context_save(host, vmid, 0, 0, context), HsvmStatus::ok);
    ASSERT_EQ(boot->hsvm.page_unmap(host, vmid, 8), HsvmStatus::ok);
    ASSERT_EQ(boot->hsvm.release(guest, vmid, 9), HsvmStatus::ok);
    const Kept latest = snapshot(vmid, {5, 6, 500, 21, 22});
    ASSERT_TRUE(boot->write(vmid, 5, 4));
    Bytes after;
    ASSERT_EQ(boot->hsvm.swap_out(host, vmid, 5, after), HsvmStatus::ok);

    reset();
    boot_others();
    EXPECT_EQ(install(old).log_status, LogStatus::old_vector);
    const auto restored = install(latest);
    ASSERT_TRUE(restored.ok()) << to_string(restored.status) << ", " << to_string(restored.log_status);
    EXPECT_NE(restored.vmid, vmid);
    const Vmid now = restored.vmid;
    EXPECT_EQ(boot->hsvm.translate(now, 5 * page_bytes, false).fault, TranslationFault::swapped) << "populated, with no frame";
    EXPECT_EQ(boot->hsvm.page_map(host, now, 5, 100), HsvmStatus::page_swapped) << "no silent zeros";
    EXPECT_EQ(boot->hsvm.swap_in(host, now, 5, 100, old.images.at(5)), HsvmStatus::not_authentic) << "of the snapshot before";
    EXPECT_EQ(boot->hsvm.swap_in(host, now, 5, 100, after), HsvmStatus::not_authentic) << "of after the snapshot";
    std::uint64_t frame = 100;
    for (const auto& [gpn, bytes] : latest.images) ASSERT_EQ(boot->hsvm.swap_in(host, now, gpn, frame++, bytes), HsvmStatus::ok) << gpn;
    EXPECT_EQ(boot->read(now, 5), 2);
    EXPECT_EQ(boot->read(now, 500), 3);
    EXPECT_EQ(boot->read(now, 6), 0);
    ASSERT_EQ(boot->hsvm.context_restore(host, now, 0, 0, context), HsvmStatus::ok);
    EXPECT_EQ(context[Register::rip], 0x77u);
    EXPECT_EQ(boot->hsvm.page_map(host, now, 8, 150), HsvmStatus::page_lost) << "lost then, lost now";
    EXPECT_EQ(boot->hsvm.page_map(host, now, 9, 150), HsvmStatus::ok) << "released then";
    EXPECT_EQ(boot->read(now, 9), 0);
    EXPECT_TRUE(boot->write(now, 5, 9));
    EXPECT_EQ(boot->memory.violations().count(), 0u);
    EXPECT_EQ(boot->gate.log().boots(image().identity), 1u) << "since the snapshot, and it shows";
}

TEST_F(HsvmLifecycle, AfterACrashInTheMiddleOfASnapshotTheOneBeforeIsTheLatest) {
    const Vmid vmid = install_new();
    map(vmid, 5, 45);
    ASSERT_TRUE(boot->write(vmid, 5, 1));
    const Kept kept = snapshot(vmid, {5});
    ASSERT_TRUE(boot->write(vmid, 5, 2));
    Kept lost = kept;
    ASSERT_EQ(boot->hsvm.swap_out(host, vmid, 5, lost.images[5]), HsvmStatus::ok);
    struct PowerLoss {};
    EXPECT_THROW(boot->vms.snapshot(vmid, [&](const SealedVector& vector) {
        lost.vector = vector;
        lost.tree = *boot->domains.tree(vmid);
        throw PowerLoss();
    }), PowerLoss);
    reset();
    EXPECT_EQ(install(lost).log_status, LogStatus::unknown_vector);
    const auto restored = install(kept);
    ASSERT_TRUE(restored.ok());
    ASSERT_EQ(boot->hsvm.swap_in(host, restored.vmid, 5, 77, kept.images.at(5)), HsvmStatus::ok);
    EXPECT_EQ(boot->read(restored.vmid, 5), 1);
}

TEST_F(HsvmLifecycle, ATreeThatIsNotTheVmsIsRefusedOrFound) {
    const Vmid vmid = install_new();
    map(vmid, 5, 45);
    ASSERT_TRUE(boot->write(vmid, 5, 1));
    const Kept kept = snapshot(vmid, {5});
    reset();
    Kept wrong = kept;
    wrong.tree.clear();
    EXPECT_EQ(install(wrong).status, LifecycleStatus::bad_tree);
    wrong.tree = Bytes(kept.tree.begin(), kept.tree.end() - 1);
    EXPECT_EQ(install(wrong).status, LifecycleStatus::bad_tree);
    wrong.tree = kept.tree;
    store_le64(wrong.tree.data(), 1'000'000);
    EXPECT_EQ(install(wrong).status, LifecycleStatus::bad_tree);
    wrong.tree = kept.tree;
    wrong.tree[30] ^= 1;
    const auto installed = install(wrong);
    ASSERT_TRUE(installed.ok()) << "only the root knows";
    EXPECT_EQ(boot->hsvm.swap_in(host, installed.vmid, 5, 77, kept.images.at(5)), HsvmStatus::violated);
    EXPECT_TRUE(boot->memory.violations().frozen(installed.vmid));
    ASSERT_TRUE(boot->vms.uninstall(installed.vmid).ok());
    const auto again = install(kept);
    ASSERT_TRUE(again.ok()) << to_string(again.log_status);
    EXPECT_EQ(boot->hsvm.swap_in(host, again.vmid, 5, 77, kept.images.at(5)), HsvmStatus::ok);
}

TEST_F(HsvmLifecycle, WhatOthersBorrowedIsTakenBackWhenTheOwnerIsUninstalled) {
    const Vmid vmid = install_new();
    Vmid other = 0;
    ASSERT_EQ(boot->hsvm.create(host, {pages, 1, shim * page_bytes}, other), HsvmStatus::ok);
    map(vmid, 5, 45);
    ASSERT_EQ(boot->hsvm.share(guest, vmid, 5, other, true), HsvmStatus::ok);
    ASSERT_EQ(boot->hsvm.share(guest, other, 6, vmid, true), HsvmStatus::ok);
    map(other, 6, 45);
    ASSERT_TRUE(boot->vms.uninstall(vmid).ok());
    EXPECT_EQ(boot->hsvm.translate(other, 6 * page_bytes, false).fault, TranslationFault::not_mapped);
    EXPECT_EQ(boot->hsvm.ownership(45), OwnershipEntry{});
}

TEST_F(HsvmLifecycle, AVmThatTheHypervisorEndsCanBeInstalledAgain) {
    const Vmid vmid = install_new();
    map(vmid, 5, 45);
    ASSERT_TRUE(boot->write(vmid, 5, 1));
    const Kept kept = snapshot(vmid, {5});
    ASSERT_EQ(boot->hsvm.delete_vm(host, vmid), HsvmStatus::ok);
    EXPECT_EQ(boot->vms.snapshot(vmid, [](const SealedVector&) {}).status, LifecycleStatus::unknown_vmid);
    const auto again = install(kept);
    ASSERT_TRUE(again.ok()) << to_string(again.log_status);
    EXPECT_EQ(boot->hsvm.swap_in(host, again.vmid, 5, 45, kept.images.at(5)), HsvmStatus::ok);
}

TEST_F(HsvmLifecycle, AVmThatTheControllerMadeComesBackFromItsSnapshotToo) {
    Vmid vmid = 0;
    ASSERT_EQ(boot->hsvm.create(host, {pages, 2, shim * page_bytes}, vmid), HsvmStatus::ok);
    for (const Gpn gpn : {Gpn{5}, Gpn{6}, shim + 1, shim + 2}) map(vmid, gpn, 40 + gpn);
    VcpuContext context;
    context[Register::rip] = 0x1234;
    ASSERT_EQ(boot->hsvm.launch(host, vmid, 6, Bytes(100, 9), context), HsvmStatus::ok);
    const crypto::Digest measurement = boot->hsvm.measurement(vmid);
    ASSERT_TRUE(boot->write(vmid, 5, 3));
    const Kept old = snapshot(vmid, {5, 6, shim + 1, shim + 2});
    ASSERT_TRUE(boot->write(vmid, 5, 4));
    const Kept latest = snapshot(vmid, {5, 6, shim + 1, shim + 2});
    ASSERT_TRUE(boot->write(vmid, 5, 5));

    // On this chip alone, also after a crash, and no older one.
    TestStore far_store;
    MemoryNonVolatile far_nonvolatile{test_chip(2).number()};
    Boot far(2, far_store, far_nonvolatile);
    far.domains.bring_tree(latest.tree);
    EXPECT_EQ(far.vms.install(latest.vm_key, latest.vector).status, LifecycleStatus::bad_key);
    reset();
    boot_others();
    EXPECT_EQ(install(old).status, LifecycleStatus::refused);
    const auto back = install(latest);
    ASSERT_TRUE(back.ok()) << to_string(back.status) << ", " << to_string(back.log_status);
    EXPECT_NE(back.vmid, vmid);
    EXPECT_EQ(boot->hsvm.swap_in(host, back.vmid, 5, 100, old.images.at(5)), HsvmStatus::not_authentic);
    std::uint64_t frame = 100;
    for (const auto& [gpn, bytes] : latest.images) ASSERT_EQ(boot->hsvm.swap_in(host, back.vmid, gpn, frame++, bytes), HsvmStatus::ok) << gpn;
    EXPECT_EQ(boot->read(back.vmid, 5), 4);
    EXPECT_EQ(boot->read(back.vmid, 6), 9);
    EXPECT_EQ(boot->hsvm.measurement(back.vmid), measurement);
    ASSERT_EQ(boot->hsvm.context_restore(host, back.vmid, 0, 0, context), HsvmStatus::ok);
    EXPECT_EQ(context[Register::rip], 0x1234u);
    Bytes report;
    ASSERT_EQ(boot->hsvm.attest(guest, back.vmid, {}, {}, report), HsvmStatus::ok);
    AttestationReport opened;
    ASSERT_EQ(open_report(report, crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der()), opened), ReportStatus::ok);
    EXPECT_EQ(opened.measurement, measurement);
    EXPECT_EQ(opened.boots, 1u) << "since the snapshot, and it shows";
    ASSERT_EQ(boot->hsvm.context_save(host, back.vmid, 0, 0, context), HsvmStatus::ok);
    EXPECT_EQ(install(latest).log_status, LogStatus::running) << "not beside itself";
}

TEST_F(HsvmLifecycle, WhatWasSealedIsNotLaunchedAnyMore) {
    Vmid vmid = 0;
    ASSERT_EQ(boot->hsvm.create(host, {pages, 1, shim * page_bytes}, vmid), HsvmStatus::ok);
    map(vmid, 5, 45);
    map(vmid, shim + 1, 46);
    (void)snapshot(vmid, {5, shim + 1});
    EXPECT_EQ(boot->hsvm.launch(host, vmid, 5, Bytes(1), {}), HsvmStatus::not_fresh) << "the vector has its measurement";
    EXPECT_TRUE(boot->vms.uninstall(vmid).ok());
}

TEST_F(HsvmLifecycle, ASnapshotOfAVmThatWasTamperedWithLeavesNothingInTheLog) {
    Vmid vmid = 0;
    ASSERT_EQ(boot->hsvm.create(host, {pages, 1, shim * page_bytes}, vmid), HsvmStatus::ok);
    map(vmid, 5, 45);
    ASSERT_TRUE(boot->write(vmid, 5, 3));
    (void)boot->memory.flush(vmid);
    store.flip(45 * page_bytes, 1);
    EXPECT_EQ(boot->read(vmid, 5), -1);
    EXPECT_EQ(boot->vms.snapshot(vmid, [](const SealedVector&) {}).status, LifecycleStatus::violated);
    EXPECT_EQ(boot->gate.log().generation(), 0u);
    EXPECT_EQ(boot->vms.snapshot(vmid + 1, [](const SealedVector&) {}).status, LifecycleStatus::unknown_vmid);
}

TEST_F(HsvmLifecycle, AVmThatWasInstalledMigratesAndIsSnapshotThere) {
    const Vmid vmid = install_new();
    map(vmid, 5, 45);
    ASSERT_TRUE(boot->write(vmid, 5, 1));
    TestStore far_store;
    MemoryNonVolatile far_nonvolatile{test_chip(2).number()};
    Boot far(2, far_store, far_nonvolatile);
    Bytes image_of_page, blob;
    ASSERT_EQ(boot->hsvm.swap_out(host, vmid, 5, image_of_page), HsvmStatus::ok);
    Nonce nonce;
    ASSERT_EQ(far.hsvm.challenge(host, nonce), HsvmStatus::ok);
    const SignedCertificate& certificate = test_chip(2).certificate(KeyUsage::unwrap);
    ASSERT_EQ(boot->hsvm.export_vm(host, vmid, certificate, nonce, blob), HsvmStatus::ok);
    EXPECT_EQ(boot->vms.uninstall(vmid).status, LifecycleStatus::unknown_vmid);
    Kept first;
    first.vector = sealed(image(), k_vm);
    EXPECT_EQ(install(first).log_status, LogStatus::moved);
    Vmid there = 0;
    ASSERT_EQ(far.hsvm.import_vm(host, blob, there), HsvmStatus::ok);
    ASSERT_EQ(far.hsvm.swap_in(host, there, 5, 3, image_of_page), HsvmStatus::ok);
    EXPECT_EQ(far.read(there, 5), 1);
    EXPECT_TRUE(far.vms.snapshot(there, [](const SealedVector&) {}).ok()) << "one gate for both ways in";
}

TEST_F(HsvmLifecycle, AVmWithoutShimIsRefused) {
    VmVector vector = image();
    vector.addr_shim = 0;
    EXPECT_EQ(boot->vms.install(wrapped_for(test_chip(1), k_vm), sealed(vector, k_vm)).status, LifecycleStatus::bad_tree);
}

TEST_F(HsvmLifecycle, VmidsAreThoseOfTheController) {
    Vmid vmid = 0;
    for (unsigned i = 0; i < 14; ++i) ASSERT_EQ(boot->hsvm.create(host, {pages, 1, shim * page_bytes}, vmid), HsvmStatus::ok);
    EXPECT_EQ(boot->vms.install(wrapped_for(test_chip(1), k_vm), sealed(image(), k_vm)).status, LifecycleStatus::no_vmid)
        << "16 VMIDs, though the chip region is larger";
}

}  // namespace
}  // namespace coffer
