// A VM between two machines in one simulation: hypervisors ask for it through registers, memory and instructions; pages travel as bytes.
#include "attack/vm_migration.h"

#include <gtest/gtest.h>

#include "attack/guest_program.h"
#include "tlm/simulate.h"
#include "unit/test_chips.h"
#include "vm_table/attestation_report.h"

namespace coffer {
namespace {

using test::simulate;
using HsvmRegister = HsvmRequests::Register;

constexpr Gpn image_gpn = 2, written = 5, also_written = 9;
constexpr Gpn first_pages = 12, shim_pages = 3;
constexpr unsigned guest_core = 1;
const crypto::Key128 owners_key({0x42});

struct Case {
    const char* name;
    ProtectionConfiguration configuration;
    bool from_vector;  ///< by vm_install, else by create and launch
};

void PrintTo(const Case& which, std::ostream* out) { *out << which.name; }

/// A machine with its hypervisor.
struct Side {
    Side(const char* name, ProtectionConfiguration configuration, const ChipIdentity& chip)
        : nonvolatile(chip.number()), machine(name, parameters(configuration, chip), nonvolatile) {}

    static MachineParameters parameters(ProtectionConfiguration configuration, const ChipIdentity& chip) {
        MachineParameters p;
        p.configuration = configuration;
        p.chip = &chip;
        return p;
    }

    MemoryNonVolatile nonvolatile;
    MachineTlm machine;
    Hypervisor hypervisor{machine};
    VmMigration migration{machine, hypervisor};
    BusAdversary bus{machine};
};

Bytes pattern(std::uint8_t seed, std::size_t size = line_bytes) {
    Bytes bytes(size);
    for (std::size_t i = 0; i != size; ++i) bytes[i] = static_cast<std::uint8_t>(seed + 7 * i + i / 256);
    return bytes;
}

/// What of a VM is outside the chip.
struct Outside {
    std::map<Gpn, Bytes> pages;
    Bytes tree;
};

class MachineMigration : public testing::TestWithParam<Case> {
protected:
    static bool owned() { return rules_of(GetParam().configuration).ownership; }
    static bool encrypted() { return rules_of(GetParam().configuration).encrypt; }
    /// The answer of H-SVM, or that of the life cycle.
    static std::string either(const char* hsvm, const char* other) { return owned() ? hsvm : other; }
    static Address entry() { return encrypted() ? VmOwner::addr_shim : 0; }

    void boot() {
        for (Side* const side : {&source, &target}) side->machine.boot();
        // Another VM at the target, so that VMIDs, frames and trees differ.
        const Vmid other = start_vm(target, crypto::Key128({0x17}));
        ASSERT_NE(other, 0);
        (void)stop(target);
    }
    /// A VM that runs on a core of the guests'.
    static Vmid start_vm(Side& side, const crypto::Key128& k_vm = owners_key) { return GetParam().from_vector ? install(side, k_vm) : launch(side); }
    static Vmid install(Side& side, const crypto::Key128& k_vm) {
        Vmid vmid = 0;
        EXPECT_EQ(side.hypervisor.install(vm_key(side, k_vm), boot_vector(k_vm), vmid).refusal, "");
        map_pages(side, vmid);
        GuestProgram(side.machine, guest_core).start(vmid);
        return vmid;
    }
    static Bytes vm_key(Side& side, const crypto::Key128& k_vm) {
        return crypto::wrap_key(side.machine.chip().unwrap_key().public_der(), k_vm, k_vm.view());
    }
    static Bytes boot_vector(const crypto::Key128& k_vm) {
        VmVector vector;
        vector.identity = derive_identity(k_vm, test_fleet().id);
        vector.pages = VmOwner::pages;
        vector.addr_shim = VmOwner::addr_shim;
        vector.measurement.fill(0x6d);
        const SealedVector sealed = seal_vector(vector, derive_seal_key(k_vm, test_fleet().id), 1);
        return Bytes(sealed.begin(), sealed.end());
    }
    static void map_pages(Side& side, Vmid vmid) {
        for (Gpn gpn = 0; gpn != first_pages; ++gpn) EXPECT_TRUE(side.hypervisor.map(vmid, gpn, side.hypervisor.take_frame()).ok());
        for (Gpn gpn = page_of(VmOwner::addr_shim); gpn != page_of(VmOwner::addr_shim) + shim_pages; ++gpn)
            EXPECT_TRUE(side.hypervisor.map(vmid, gpn, side.hypervisor.take_frame()).ok());
    }
    static Vmid launch(Side& side) {
        HsvmRequests requests(side.machine, Hypervisor::core);
        const HsvmRequests::Arguments size{{HsvmRegister::pages, VmOwner::pages}, {HsvmRegister::vcpus, 1}, {HsvmRegister::addr_shim, entry()}};
        EXPECT_TRUE(requests.carry_out(HsvmOperation::create, size).ok());
        const auto vmid = static_cast<Vmid>(requests.result(HsvmRegister::result_vmid));
        map_pages(side, vmid);
        VcpuContext context;
        context[Register::rip] = 0x1000;
        const ContextBytes registers = encode_context(context);
        const Address image_at = side.hypervisor.take_frame() * page_bytes, registers_at = side.hypervisor.take_frame() * page_bytes;
        EXPECT_TRUE(side.hypervisor.store(image_at, pattern(1, 500)).ok());
        EXPECT_TRUE(side.hypervisor.store(registers_at, registers).ok());
        EXPECT_EQ(requests.carry_out(HsvmOperation::launch, {{HsvmRegister::vmid, vmid},
                                                             {HsvmRegister::gpn, image_gpn},
                                                             {HsvmRegister::buffer_address, image_at},
                                                             {HsvmRegister::buffer_length, 500},
                                                             {HsvmRegister::second_address, registers_at},
                                                             {HsvmRegister::second_length, registers.size()}}).refusal, "");
        EXPECT_EQ(go_on(side, vmid, {}), "");
        return vmid;
    }

    static std::string go_on(Side& side, Vmid vmid, const HypervisorView& view) {
        const VcpuRunner::Entry entered = side.machine.core(guest_core).enter(vmid, 0, entry(), view);
        if (!entered.instruction.ok()) return answer_of(entered.instruction).refusal;
        return std::string(entered.shim == ShimStatus::ok ? "" : to_string(entered.shim));
    }
    static HypervisorView stop(Side& side) {
        const VcpuRunner::Exit left = side.machine.core(guest_core).exit(GuestProgram::interrupt());
        EXPECT_TRUE(left.ok());
        return left.view;
    }
    static void write(Side& side, Gpn gpn, std::uint8_t seed) {
        const Bytes line = pattern(seed);
        EXPECT_EQ(side.machine.core(guest_core).store(gpn * page_bytes, line.data(), line.size()), MemoryAnswer::ok);
    }
    static bool holds(Side& side, Gpn gpn, std::uint8_t seed) {
        Bytes line(line_bytes);
        return side.machine.core(guest_core).load(gpn * page_bytes, line.data(), line.size()) == MemoryAnswer::ok && line == pattern(seed);
    }
    static VcpuContext& registers(Side& side) { return side.machine.core(guest_core).state().registers; }
    /// Of the VM that runs.
    static AttestationReport report(Side& side, Vmid vmid) {
        Bytes bytes(attestation_report_bytes);
        if (owned()) {
            HsvmRequests requests(side.machine, guest_core);
            const Address buffer = 11 * page_bytes;
            const HsvmRequests::Arguments place{{HsvmRegister::buffer_address, buffer}, {HsvmRegister::buffer_length, page_bytes}};
            EXPECT_EQ(requests.carry_out(HsvmOperation::attest, place).refusal, "");
            EXPECT_EQ(side.machine.core(guest_core).load(buffer, bytes.data(), bytes.size()), MemoryAnswer::ok);
        } else {
            SignedReport sealed{};
            EXPECT_TRUE(side.machine.lifecycle()->attest(vmid, {}, {}, sealed).ok());
            bytes.assign(sealed.begin(), sealed.end());
        }
        AttestationReport opened;
        EXPECT_EQ(open_report(bytes, crypto::VerifyKey::from_der(side.machine.chip().attest_key().public_der()), opened), ReportStatus::ok);
        return opened;
    }
    static Outside outside(Side& side, Vmid vmid) {
        side.machine.settle();
        Outside memory;
        for (const Gpn gpn : side.hypervisor.pages_of(vmid)) memory.pages[gpn] = side.bus.read(side.bus.page(side.hypervisor.frame_of(vmid, gpn)));
        if (encrypted()) {
            const VmEntry& domain = *side.machine.protection.vm_table.entry(vmid);
            memory.tree = side.bus.read(side.bus.tree(domain.tree_base, domain.pages));
        }
        return memory;
    }

    static Nonce challenge(Side& side) {
        Nonce nonce{};
        EXPECT_EQ(side.migration.challenge(nonce).refusal, "");
        return nonce;
    }
    /// A VM that wrote something and stopped.
    void write_and_stop() {
        boot();
        vmid = start_vm(source);
        write(source, written, 3);
        write(source, also_written, 4);
        registers(source)[Register::r9] = 0x99;
        measurement = report(source, vmid).measurement;
        view = stop(source);
    }
    TravellingVm sent() {
        TravellingVm vm;
        EXPECT_EQ(source.migration.send(vmid, target.migration.certificate(), challenge(target), vm).refusal, "");
        return vm;
    }
    Vmid arrived(const TravellingVm& vm) {
        Vmid there = 0;
        EXPECT_EQ(target.migration.receive(vm, there).refusal, "");
        return there;
    }
    static std::string refusal(Side& side, const TravellingVm& vm) {
        Vmid made = 0;
        return side.migration.receive(vm, made).refusal;
    }

    Side source{"source", GetParam().configuration, test_chip(1)};
    Side target{"target", GetParam().configuration, test_chip(2)};
    Vmid vmid = 0;
    HypervisorView view;
    crypto::Digest measurement{};
};

INSTANTIATE_TEST_SUITE_P(Machines, MachineMigration,
                         testing::Values(Case{"hsvm", ProtectionConfiguration::hsvm, false},
                                         Case{"hypercoffer", ProtectionConfiguration::hypercoffer, true},
                                         Case{"combined", ProtectionConfiguration::combined, false},
                                         Case{"combined_from_vector", ProtectionConfiguration::combined, true}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(MachineMigration, ByteForByteAndTheVmGoesOn) {
    simulate([&] {
        write_and_stop();
        const Outside before = outside(source, vmid);
        const Vmid there = arrived(sent());
        EXPECT_NE(there, vmid);
        const Outside after = outside(target, there);
        EXPECT_EQ(after.pages, before.pages) << "data, tags and counter blocks";
        EXPECT_EQ(after.tree, before.tree);
        EXPECT_EQ(before.pages.size(), first_pages + shim_pages);
        const Bytes line(before.pages.at(written).begin(), before.pages.at(written).begin() + line_bytes);
        EXPECT_EQ(line == pattern(3), !encrypted());

        ASSERT_EQ(go_on(target, there, view), "");
        EXPECT_EQ(registers(target)[Register::r9], 0x99u);
        EXPECT_EQ(registers(target)[Register::rip], 0x1000u);
        EXPECT_TRUE(holds(target, written, 3));
        EXPECT_TRUE(holds(target, also_written, 4));
        const AttestationReport said = report(target, there);
        EXPECT_EQ(said.measurement, measurement);
        EXPECT_NE(said.measurement, crypto::Digest{});
        EXPECT_EQ(said.chip, 2u);
        EXPECT_EQ(said.boots, 1u);

        write(target, written, 5);
        EXPECT_TRUE(holds(target, written, 5));
        (void)stop(target);
        if (encrypted()) {
            const auto lpid_chip = [](const Outside& memory, Gpn gpn) { return chip_of(load_le64(&*(memory.pages.at(gpn).end() - line_bytes))); };
            const Outside later = outside(target, there);
            EXPECT_EQ(lpid_chip(before, written), 1);
            EXPECT_EQ(lpid_chip(later, also_written), 1) << "nothing is encrypted again because of the journey";
            EXPECT_EQ(lpid_chip(later, written), 2) << "pads are the chip's own";
        }
        EXPECT_EQ(target.machine.protection.violations.violations().size(), 0u);
        EXPECT_EQ(source.machine.protection.violations.violations().size(), 0u);
    });
}

TEST_P(MachineMigration, TheSourceCannotRunItAnyMore) {
    simulate([&] {
        write_and_stop();
        const TravellingVm vm = sent();
        EXPECT_EQ(go_on(source, vmid, view), "unknown_vm");
        if (owned()) {
            EXPECT_EQ(source.migration.bring_pages(vmid, vm).refusal, "unknown_vm");
        }
        if (GetParam().from_vector) {
            Vmid made = 0;
            EXPECT_EQ(source.hypervisor.install(vm_key(source, owners_key), boot_vector(owners_key), made).refusal, "refused_by_log");
        }
        EXPECT_EQ(refusal(source, vm), either("not_authentic", "bad_key"));
        EXPECT_EQ(go_on(target, arrived(vm), view), "") << "it runs at the target alone";
        EXPECT_TRUE(holds(target, written, 3));
    });
}

TEST_P(MachineMigration, ItComesOnce) {
    simulate([&] {
        write_and_stop();
        const TravellingVm vm = sent();
        const Vmid there = arrived(vm);
        EXPECT_EQ(refusal(target, vm), either("refused", "refused_by_log")) << "while it is there";
        ASSERT_EQ(go_on(target, there, view), "");
        write(target, written, 5);
        const HypervisorView later = stop(target);
        EXPECT_EQ(refusal(target, vm), either("refused", "refused_by_log"));
        ASSERT_EQ(go_on(target, there, later), "");
        EXPECT_TRUE(holds(target, written, 5));
    });
}

TEST_P(MachineMigration, AVmThatCameAndWentDoesNotComeAgain) {
    simulate([&] {
        write_and_stop();
        const Nonce nonce = challenge(target);
        TravellingVm first;
        ASSERT_EQ(source.migration.send(vmid, target.migration.certificate(), nonce, first).refusal, "");
        const Vmid there = arrived(first);
        // And back.
        TravellingVm back;
        ASSERT_EQ(target.migration.send(there, source.migration.certificate(), challenge(source), back).refusal, "");
        EXPECT_EQ(refusal(target, first), either("stale", "bad_vector"));
        (void)challenge(target);
        EXPECT_EQ(refusal(target, first), either("stale", "bad_vector")) << "nor for another nonce";
        ASSERT_EQ(source.migration.receive(back, vmid).refusal, "");
        ASSERT_EQ(go_on(source, vmid, view), "");
        EXPECT_TRUE(holds(source, written, 3));
        (void)stop(source);
        TravellingVm again;
        ASSERT_EQ(source.migration.send(vmid, target.migration.certificate(), nonce, again).refusal, "");
        EXPECT_EQ(refusal(target, again), either("stale", "bad_vector")) << "under a nonce that was used";
    });
}

/// The keys of a chip of some fleet in another's hands.
ChipIdentity with_keys_of(const ChipIdentity& chip, ChipNumber number, const FleetAuthority& fleet) {
    return ChipIdentity(number, fleet, crypto::UnwrapKey::from_der(chip.unwrap_key().der()), crypto::SigningKey::from_der(chip.attest_key().der()));
}

TEST_P(MachineMigration, NobodyElseCanTakeIt) {
    const ChipIdentity other = with_keys_of(test_chip(1), ChipNumber(3), test_fleet());
    const ChipIdentity twin = with_keys_of(test_chip(2), ChipNumber(4), test_fleet());
    Side third("third", GetParam().configuration, other);
    Side fourth("fourth", GetParam().configuration, twin);
    simulate([&] {
        write_and_stop();
        const TravellingVm vm = sent();
        for (Side* const side : {&third, &fourth}) {
            side->machine.boot();
            (void)challenge(*side);
        }
        EXPECT_EQ(refusal(third, vm), either("not_authentic", "bad_key"));
        EXPECT_EQ(refusal(fourth, vm), either("stale", "bad_vector")) << "even with the target's key";
        EXPECT_NE(arrived(vm), 0);
    });
}

/// Certificates that no chip should take, the last one made by somebody who has a key for what is sent.
std::vector<Bytes> forged_certificates(const FleetAuthority& somebody, const Bytes& key) {
    const ChipIdentity& chip = test_chip(2);
    SignedCertificate changed = chip.certificate(KeyUsage::unwrap);
    changed[100] ^= 1;
    std::vector<Bytes> all{Bytes(10), Bytes(chip_certificate_bytes + 1)};
    for (const SignedCertificate& certificate :
         {changed, chip.certificate(KeyUsage::attest), test_chip(1).certificate(KeyUsage::unwrap),
          sign_certificate({KeyUsage::unwrap, ChipNumber(2), test_fleet().id, key}, somebody.key)})
        all.emplace_back(certificate.begin(), certificate.end());
    return all;
}

/// Another fleet, which says that it is this one.
const FleetAuthority& somebody() {
    static const FleetAuthority fleet{test_fleet().id, crypto::SigningKey::from_der(test_chip(2).attest_key().der())};
    return fleet;
}

TEST_P(MachineMigration, NobodyElseGetsIt) {
    simulate([&] {
        write_and_stop();
        const Nonce nonce = challenge(target);
        TravellingVm vm;
        for (const Bytes& certificate : forged_certificates(somebody(), target.machine.chip().unwrap_key().public_der()))
            EXPECT_EQ(source.migration.send(vmid, certificate, nonce, vm).refusal,
                      either("bad_target", "not the certificate of another chip's unwrap key"));
        EXPECT_TRUE(vm.blob.empty() && vm.vm_key.empty());
        EXPECT_EQ(source.migration.bring_pages(vmid, vm).refusal, "");
        ASSERT_EQ(go_on(source, vmid, view), "");
        EXPECT_TRUE(holds(source, written, 3)) << "the VM runs on";
    });
}

TEST_P(MachineMigration, EveryByteCounts) {
    simulate([&] {
        write_and_stop();
        const TravellingVm vm = sent();
        const auto flipped = [&](Bytes TravellingVm::*part, std::size_t at) {
            TravellingVm forged = vm;
            forged.pages.clear();
            (forged.*part)[at] ^= 0x10;
            return refusal(target, forged);
        };
        constexpr std::size_t step = 37;
        if (owned()) {
            // Nodes are the business of the root (below). Addr_tree is not sealed, and not looked at.
            const std::size_t end = encrypted() ? VmBlob::fixed_bytes : vm.blob.size();
            constexpr std::size_t addr_tree_at = VmBlob::fixed_bytes - vm_vector_bytes + 8;
            for (std::size_t at = 0; at < end; at += step) {
                if (at >= addr_tree_at && at < addr_tree_at + 8) continue;
                EXPECT_EQ(flipped(&TravellingVm::blob, at), "not_authentic") << at;
            }
            for (const std::size_t size : {vm.blob.size() - 1, vm.blob.size() + 1}) {
                TravellingVm cut = vm;
                cut.blob.resize(size);
                EXPECT_EQ(refusal(target, cut), "not_authentic");
            }
        } else {
            for (std::size_t at = 0; at < vm.vm_key.size(); at += step) EXPECT_EQ(flipped(&TravellingVm::vm_key, at), "bad_key") << at;
            for (std::size_t at = 16; at < vm.vm_vector.size(); at += step) EXPECT_EQ(flipped(&TravellingVm::vm_vector, at), "bad_vector") << at;
        }
        ASSERT_EQ(go_on(target, arrived(vm), view), "") << "and the right one is still good";
        EXPECT_TRUE(holds(target, written, 3));
    });
}

TEST_P(MachineMigration, PagesAndTreeAreCheckedWhereTheyArrive) {
    simulate([&] {
        write_and_stop();
        TravellingVm vm = sent();
        vm.pages.at(written)[0] ^= 1;
        Vmid there = 0;
        // H-SVM looks at an image before it is a page, the MPE at a line when it is used.
        EXPECT_EQ(target.migration.receive(vm, there).refusal, owned() ? "not_authentic" : "");
        ASSERT_EQ(go_on(target, there, view), "");
        EXPECT_TRUE(holds(target, also_written, 4));
        EXPECT_FALSE(holds(target, written, 3));
    });
}

TEST_P(MachineMigration, ATreeThatWasChangedOnTheWayIsAViolation) {
    if (!encrypted()) return;
    simulate([&] {
        write_and_stop();
        TravellingVm vm = sent();
        constexpr std::size_t node = written / 4, in_its_tag = written % 4 * 16 + 2;
        if (owned())
            vm.blob.at(VmBlob::fixed_bytes + node * (8 + line_bytes) + 8 + in_its_tag) ^= 1;
        else
            vm.tree.at(node * line_bytes + in_its_tag) ^= 1;
        Vmid there = 0;
        (void)target.migration.receive(vm, there);
        EXPECT_FALSE(go_on(target, there, view).empty() && holds(target, written, 3));
        EXPECT_GT(target.machine.protection.violations.violations().size(), 0u);
    });
}

// Chips that are weaker than they say.

/// A chip that has lost its registers gives its nonces again, and knows nothing of who came.
TEST_P(MachineMigration, AChipThatForgetsIsFound) {
    Side forgetful("forgetful", GetParam().configuration, test_chip(2));
    Side careless("careless", GetParam().configuration, test_chip(2));
    simulate([&] {
        write_and_stop();
        const Nonce nonce = challenge(target);
        TravellingVm vm;
        ASSERT_EQ(source.migration.send(vmid, target.migration.certificate(), nonce, vm).refusal, "");
        const Vmid there = arrived(vm);
        // A vector that came is the VM's latest until a snapshot follows it, and may be restored as any other.
        Bytes snapshot;
        if (!owned()) {
            ASSERT_EQ(target.hypervisor.snapshot(there, snapshot).refusal, "");
        }
        ASSERT_EQ(target.hypervisor.end_vm(there).refusal, "");
        EXPECT_NE(challenge(target), nonce);
        EXPECT_EQ(refusal(target, vm), either("stale", "bad_vector"));

        // As the target began.
        forgetful.machine.boot();
        (void)start_vm(forgetful, crypto::Key128({0x17}));
        (void)stop(forgetful);
        EXPECT_EQ(challenge(forgetful), nonce);
        EXPECT_EQ(refusal(forgetful, vm), "") << "the VM is there twice";

        // Without its log, but with another nonce.
        careless.machine.boot();
        (void)careless.machine.lpids().next();
        (void)start_vm(careless, crypto::Key128({0x17}));
        (void)stop(careless);
        EXPECT_NE(challenge(careless), nonce);
        EXPECT_EQ(refusal(careless, vm), either("stale", "bad_vector")) << "each of the two is enough";
    });
}

/// A chip that takes anybody's word for what the fleet says.
TEST_P(MachineMigration, AChipThatTrustsAnybodyIsFound) {
    const ChipIdentity trusting = with_keys_of(test_chip(1), ChipNumber(1), somebody());
    Side weak("weak", GetParam().configuration, trusting);
    simulate([&] {
        boot();
        weak.machine.boot();
        const Vmid there = start_vm(weak);
        (void)stop(weak);
        const crypto::UnwrapKey& attackers = test_chip(1).unwrap_key();
        TravellingVm vm;
        EXPECT_EQ(weak.migration.send(there, forged_certificates(somebody(), attackers.public_der()).back(), challenge(target), vm).refusal, "");
        crypto::Key128 k_vm;
        const Bytes vm_key = owned() ? Bytes(vm.blob.begin() + 8, vm.blob.begin() + 8 + VmBlob::key_bytes) : vm.vm_key;
        EXPECT_TRUE(attackers.unwrap(vm_key, k_vm)) << "the attacker has the VM's key";
    });
}

}  // namespace
}  // namespace coffer
