#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <vector>

#include "unit/chip_bench.h"

namespace coffer {

namespace {

const crypto::Key128 k_vm({0x42});
/// Frames of the target: the pages lie elsewhere there.
constexpr Address shift = 16 * page_bytes;

/// What a migration releases.
struct Sent {
    Bytes vm_key;
    SealedVector vm_vector{};
};

/// Two chips of a fleet, a VM that has written on the first, and the network between them.
class Migration : public testing::Test {
protected:
    Migration() {
        vmid = source.boot->vms.install(wrapped_for(source.identity, k_vm), sealed(boot_vector(k_vm), k_vm)).vmid;
        EXPECT_TRUE(source.boot->write(vmid, 0x1000, 7));
        EXPECT_TRUE(source.boot->write(vmid, 0x3040, 9));
    }
    static VmLifecycle::Result send(ChipBench& from, Vmid leaving, ByteView certificate, const Nonce& nonce, std::optional<Sent>& sent) {
        return from.boot->vms.migrate_out(leaving, certificate, nonce, [&](const Bytes& key, const SealedVector& vector) {
            sent = Sent{key, vector};
        });
    }
    /// The VM's memory as it is: pages from frames `from_shift` above their GPN to frames `to_shift` above it, the tree to another place, of which
    /// the hint tells.
    static void carry(ChipBench& from, Address from_shift, ChipBench& to, Address to_shift, SealedVector& vector) {
        const AddressMap& a = from.boot->memory.map();
        const AddressMap& b = to.boot->memory.map();
        const auto copy = [&](Address source_at, Address target_at, std::size_t size) { to.store.put(target_at, from.store.bytes(source_at, size)); };
        for (Address gpa = 0; gpa < boot_vector(k_vm).pages * page_bytes; gpa += page_bytes) {
            copy(gpa + from_shift, gpa + to_shift, page_bytes);
            copy(a.counter_of(gpa + from_shift), b.counter_of(gpa + to_shift), line_bytes);
            copy(a.tag_of(gpa + from_shift), b.tag_of(gpa + to_shift), lines_per_page * b.tag_bytes());
        }
        const Address tree_base = load_le64(&vector[8]) + 16 * page_bytes;
        copy(load_le64(&vector[8]), tree_base, TreeGeometry(boot_vector(k_vm).pages, 16).bytes());
        store_le64(&vector[8], tree_base);
    }
    /// All of it: the VM has left the source, and `sent` and its memory are at the target.
    Sent migrate() {
        const std::optional<Nonce> nonce = target.boot->vms.begin_import();
        std::optional<Sent> sent;
        EXPECT_TRUE(send(source, vmid, target.identity.certificate(KeyUsage::unwrap), *nonce, sent).ok());
        carry(source, 0, target, shift, sent->vm_vector);
        return *sent;
    }
    VmLifecycle::Result install(const Sent& sent) { return target.boot->vms.install(sent.vm_key, sent.vm_vector); }

    ChipBench source{1};
    ChipBench target{2};
    Vmid vmid = 0;
};

TEST_F(Migration, MemoryTravelsByteForByteAndTheVmGoesOn) {
    const Sent sent = migrate();
    const auto arrived = install(sent);
    ASSERT_TRUE(arrived.ok()) << to_string(arrived.status) << ", " << to_string(arrived.log_status);
    EXPECT_EQ(target.boot->read(arrived.vmid, 0x1000, shift), 7);
    EXPECT_EQ(target.boot->read(arrived.vmid, 0x3040, shift), 9);
    EXPECT_EQ(target.boot->read(arrived.vmid, 0x5000, shift), 0) << "a page that was never used";
    EXPECT_TRUE(target.boot->write(arrived.vmid, 0x1000, 8, shift));
    EXPECT_EQ(target.boot->read(arrived.vmid, 0x1000, shift), 8);
    target.boot->memory.flush(arrived.vmid);
    EXPECT_EQ(chip_of(load_le64(target.store.bytes(target.boot->memory.map().counter_of(0x1000 + shift), 8).data())), 2)
        << "a page is written under LPIDs of its chip";
}

TEST_F(Migration, TheSourceLetsGoForGood) {
    const SealedVector snapshot = [&] {
        SealedVector blob{};
        EXPECT_TRUE(source.boot->vms.snapshot(vmid, [&](const SealedVector& written) { blob = written; }).ok());
        return blob;
    }();
    const Sent sent = migrate();
    EXPECT_FALSE(source.boot->domains.installed(vmid));
    for (int boots = 0; boots < 2; ++boots) {
        const auto back = source.boot->vms.install(wrapped_for(source.identity, k_vm), snapshot);
        EXPECT_EQ(back.status, LifecycleStatus::refused);
        EXPECT_EQ(back.log_status, LogStatus::moved);
        EXPECT_EQ(source.boot->vms.install(wrapped_for(source.identity, k_vm), sealed(boot_vector(k_vm), k_vm)).log_status, LogStatus::moved);
        EXPECT_EQ(source.boot->vms.install(wrapped_for(source.identity, k_vm), sent.vm_vector).status, LifecycleStatus::other_chip);
        source.reset();
    }
}

TEST_F(Migration, IsCommittedBeforeAnythingIsReleased) {
    const std::optional<Nonce> nonce = target.boot->vms.begin_import();
    const VmIdentity vm = derive_identity(k_vm, test_fleet().id);
    bool released = false;
    ASSERT_TRUE(source.boot->vms
                    .migrate_out(vmid, target.identity.certificate(KeyUsage::unwrap), *nonce,
                                 [&](const Bytes&, const SealedVector& vector) {
                                     released = true;
                                     const LogEntry* entry = source.boot->vms.log().entry(vm);
                                     ASSERT_NE(entry, nullptr);
                                     EXPECT_EQ(entry->state, LogState::moved);
                                     EXPECT_EQ(entry->vector_hash, vector_hash(vector));
                                     MemoryNonVolatile left = source.nonvolatile;
                                     EXPECT_EQ(VmLog(left).check_install(vm, 0, {}), LogStatus::moved)
                                         << "what a chip finds that loses its power here";
                                 })
                    .ok());
    EXPECT_TRUE(released);
}

TEST_F(Migration, AReplayIsRefused) {
    const Sent sent = migrate();
    const auto arrived = install(sent);
    ASSERT_TRUE(arrived.ok());
    EXPECT_EQ(install(sent).log_status, LogStatus::running);
    ASSERT_TRUE(target.boot->vms.snapshot(arrived.vmid, [](const SealedVector&) {}).ok());
    ASSERT_TRUE(target.boot->vms.uninstall(arrived.vmid).ok());
    EXPECT_EQ(install(sent).status, LifecycleStatus::bad_nonce) << "the VM has gone on";
    target.reset();
    EXPECT_EQ(install(sent).status, LifecycleStatus::bad_nonce);
}

TEST_F(Migration, WhatArrivedIsRestoredAfterACrashAsASnapshotWouldBe) {
    const Sent sent = migrate();
    ASSERT_TRUE(install(sent).ok());
    target.reset();
    const auto restored = install(sent);
    ASSERT_TRUE(restored.ok()) << to_string(restored.status) << ", " << to_string(restored.log_status);
    EXPECT_EQ(target.boot->read(restored.vmid, 0x1000, shift), 7);
    EXPECT_EQ(target.boot->vms.log().boots(derive_identity(k_vm, test_fleet().id)), 2u) << "attestation shows it";
}

TEST_F(Migration, AnOldNonceIsRefused) {
    const Sent sent = migrate();
    target.reset();
    EXPECT_EQ(install(sent).status, LifecycleStatus::bad_nonce);
    ASSERT_TRUE(target.boot->vms.begin_import());
    EXPECT_EQ(install(sent).status, LifecycleStatus::bad_nonce) << "another nonce is awaited";
}

TEST_F(Migration, NoncesAreNewOverResetsAndAwaitedTogether) {
    std::set<Nonce> nonces;
    for (std::size_t i = 0; i < VmGate::max_imports; ++i) nonces.insert(target.boot->vms.begin_import().value());
    EXPECT_FALSE(target.boot->vms.begin_import());
    target.reset();
    nonces.insert(target.boot->vms.begin_import().value());
    EXPECT_EQ(nonces.size(), VmGate::max_imports + 1);
}

TEST_F(Migration, AFailedInstallDoesNotUseTheNonceUp) {
    Sent sent = migrate();
    Sent bad = sent;
    store_le64(&bad.vm_vector[8], 0x1000);
    EXPECT_EQ(install(bad).status, LifecycleStatus::bad_tree);
    bad = sent;
    bad.vm_vector[60] ^= 1;
    EXPECT_EQ(install(bad).vector_status, VectorStatus::not_authentic);
    EXPECT_TRUE(install(sent).ok());
}

TEST_F(Migration, AnotherChipCannotTakeIt) {
    const Sent sent = migrate();
    ChipBench third(1);
    ASSERT_TRUE(third.boot->vms.begin_import());
    EXPECT_EQ(third.boot->vms.install(sent.vm_key, sent.vm_vector).status, LifecycleStatus::bad_key);
    EXPECT_EQ(third.boot->vms.install(wrapped_for(third.identity, k_vm), sent.vm_vector).status, LifecycleStatus::other_chip) << "even with K_vm";
}

TEST_F(Migration, ForgedCertificatesAreRefusedAndTheVmRunsOn) {
    const ChipCertificate claimed{KeyUsage::unwrap, ChipNumber(2), test_fleet().id, target.identity.unwrap_key().public_der()};
    SignedCertificate changed = target.identity.certificate(KeyUsage::unwrap);
    changed[100] ^= 1;
    ChipCertificate no_key = claimed;
    no_key.public_key.assign(public_key_bytes, 0x30);
    const std::vector<Bytes> refused = [&] {
        std::vector<Bytes> all;
        const auto add = [&](const SignedCertificate& certificate) { all.emplace_back(certificate.begin(), certificate.end()); };
        add(sign_certificate(claimed, source.identity.attest_key()));      // by somebody else than the fleet
        add(changed);
        add(target.identity.certificate(KeyUsage::attest));                // of a key that signs
        add(source.identity.certificate(KeyUsage::unwrap));                // of the source itself
        add(sign_certificate(no_key, test_fleet().key));                   // of no key
        all.emplace_back();
        return all;
    }();
    const Nonce nonce = target.boot->vms.begin_import().value();
    std::optional<Sent> sent;
    for (const Bytes& certificate : refused) EXPECT_EQ(send(source, vmid, certificate, nonce, sent).status, LifecycleStatus::bad_certificate);
    EXPECT_FALSE(sent);
    EXPECT_EQ(source.boot->read(vmid, 0x1000), 7);
    EXPECT_TRUE(source.boot->vms.snapshot(vmid, [](const SealedVector&) {}).ok());
    EXPECT_EQ(send(source, 9, target.identity.certificate(KeyUsage::unwrap), nonce, sent).status, LifecycleStatus::unknown_vmid);
}

TEST_F(Migration, AVmThatWasTamperedWithDoesNotLeave) {
    source.boot->memory.flush(vmid);
    source.store.flip(0x1000, 1);
    EXPECT_EQ(source.boot->read(vmid, 0x1000), -1);
    std::optional<Sent> sent;
    const Nonce nonce = target.boot->vms.begin_import().value();
    EXPECT_EQ(send(source, vmid, target.identity.certificate(KeyUsage::unwrap), nonce, sent).status, LifecycleStatus::violated);
    EXPECT_FALSE(sent);
}

TEST_F(Migration, MemoryOfAnotherMomentIsFoundOut) {
    source.boot->memory.flush(vmid);
    TestStore old = source.store;
    ASSERT_TRUE(source.boot->write(vmid, 0x1000, 8));
    Sent sent = migrate();
    target.store.put(0x1000 + shift, old.bytes(0x1000, page_bytes));
    target.store.put(target.boot->memory.map().counter_of(0x1000 + shift), old.bytes(source.boot->memory.map().counter_of(0x1000), line_bytes));
    target.store.put(target.boot->memory.map().tag_of(0x1000 + shift), old.bytes(source.boot->memory.map().tag_of(0x1000), lines_per_page * 16));
    const auto arrived = install(sent);
    ASSERT_TRUE(arrived.ok());
    EXPECT_EQ(target.boot->read(arrived.vmid, 0x1000, shift), -1);
}

TEST_F(Migration, AVmComesBackAndOnlyTheNewestIsTaken) {
    const Sent sent = migrate();
    const auto arrived = install(sent);
    ASSERT_TRUE(arrived.ok());
    ASSERT_TRUE(target.boot->write(arrived.vmid, 0x1000, 8, shift));
    const Nonce nonce = source.boot->vms.begin_import().value();
    std::optional<Sent> back;
    ASSERT_TRUE(send(target, arrived.vmid, source.identity.certificate(KeyUsage::unwrap), nonce, back).ok());
    carry(target, shift, source, 0, back->vm_vector);
    const auto home = source.boot->vms.install(back->vm_key, back->vm_vector);
    ASSERT_TRUE(home.ok()) << to_string(home.status) << ", " << to_string(home.log_status);
    EXPECT_EQ(source.boot->read(home.vmid, 0x1000), 8);
    EXPECT_EQ(source.boot->read(home.vmid, 0x3040), 9);
    EXPECT_EQ(install(sent).status, LifecycleStatus::bad_nonce) << "the target let go, too";
    ASSERT_TRUE(target.boot->vms.begin_import());
    EXPECT_EQ(install(sent).status, LifecycleStatus::bad_nonce);
}

TEST_F(Migration, AVmThatIsStillThereIsNotReplacedByAFork) {
    ASSERT_TRUE(target.boot->vms.install(wrapped_for(target.identity, k_vm), sealed(boot_vector(k_vm), k_vm)).ok());
    Sent sent = migrate();
    EXPECT_EQ(install(sent).log_status, LogStatus::running);
    ASSERT_TRUE(target.boot->vms.uninstall(2).ok());
    EXPECT_EQ(install(sent).log_status, LogStatus::present);
}

}  // namespace
}  // namespace coffer
