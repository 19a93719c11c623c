#include "attack/vm_migration.h"

#include <algorithm>
#include <stdexcept>

namespace coffer {

namespace {

using HsvmRegister = HsvmRequests::Register;

/// Of a vector: where the tree lies, which is not sealed.
constexpr std::size_t addr_tree_at = 8;

Answer answer_of(const LifecycleResult& result) { return {result.ok() ? "" : std::string(to_string(result.status))}; }

}  // namespace

Bytes VmMigration::certificate() const {
    const SignedCertificate& certificate = machine_.chip().certificate(KeyUsage::unwrap);
    return Bytes(certificate.begin(), certificate.end());
}

Answer VmMigration::challenge(Nonce& nonce) {
    nonce = {};
    if (machine_.rules().ownership) {
        const Answer asked = hsvm_.carry_out(HsvmOperation::challenge, {});
        const Bytes given = hsvm_.result(HsvmRegister::result_nonce, nonce.size());
        std::copy(given.begin(), given.end(), nonce.begin());
        return asked;
    }
    if (!machine_.rules().shim) return {};
    const std::optional<Nonce> given = machine_.lifecycle()->begin_import();
    if (!given) return {"no nonce"};
    nonce = *given;
    return {};
}

Answer VmMigration::send(Vmid vmid, ByteView certificate, const Nonce& nonce, TravellingVm& vm) {
    if (machine_.rules().shim && !machine_.rules().ownership) return migrate_out(vmid, certificate, nonce, vm);
    if (const Answer taken = take_pages(vmid, vm); !taken.ok()) return taken;
    if (!machine_.rules().ownership) return hypervisor_.end_vm(vmid);
    const Answer exported = request_export(vmid, certificate, nonce, vm.blob);
    if (exported.ok()) hypervisor_.forget(vmid);
    return exported;
}

Answer VmMigration::receive(const TravellingVm& vm, Vmid& vmid) {
    Answer come;
    if (machine_.rules().ownership)
        come = request_import(vm.blob, vmid);
    else if (machine_.rules().shim)
        come = install(vm, vmid);
    else
        come = hypervisor_.start_vm(VmOwner({}), vmid);
    return come.ok() ? bring_pages(vmid, vm) : come;
}

Answer VmMigration::bring_pages(Vmid vmid, const TravellingVm& vm) {
    Answer answer;
    for (const auto& [gpn, page] : vm.pages)
        if (const Answer brought = bring_page(vmid, gpn, page); !brought.ok()) answer = brought;
    return answer;
}

Answer VmMigration::bring_page(Vmid vmid, Gpn gpn, const Bytes& page) {
    const std::uint64_t frame = hypervisor_.take_frame();
    if (machine_.rules().ownership || !machine_.rules().shim) return hypervisor_.swap_in(vmid, gpn, frame, page);
    memory_.put(memory_.page(frame), page);
    return hypervisor_.map(vmid, gpn, frame);
}

/// Those that are in memory: an earlier attempt may have taken some.
Answer VmMigration::take_pages(Vmid vmid, TravellingVm& vm) {
    for (const Gpn gpn : hypervisor_.pages_of(vmid)) {
        if (vm.pages.count(gpn) != 0) continue;
        Bytes page;
        if (const Answer taken = hypervisor_.swap_out(vmid, gpn, page); !taken.ok()) return taken;
        vm.pages.emplace(gpn, std::move(page));
    }
    return {};
}

Answer VmMigration::request_export(Vmid vmid, ByteView certificate, const Nonce& nonce, Bytes& blob) {
    const Address blob_at = hypervisor_.take_frame() * page_bytes;
    const Address certificate_at = hypervisor_.take_frame() * page_bytes;
    if (const Answer stored = hypervisor_.store(certificate_at, certificate); !stored.ok()) return stored;
    if (const Answer set = hsvm_.set(HsvmRegister::nonce, nonce); !set.ok()) return set;
    const Answer exported = hsvm_.carry_out(HsvmOperation::export_vm, {{HsvmRegister::vmid, vmid},
                                                                       {HsvmRegister::buffer_address, blob_at},
                                                                       {HsvmRegister::buffer_length, page_bytes},
                                                                       {HsvmRegister::second_address, certificate_at},
                                                                       {HsvmRegister::second_length, certificate.size}});
    if (!exported.ok()) return exported;
    blob.resize(hsvm_.result(HsvmRegister::result_length));
    if (blob.size() > page_bytes) throw std::logic_error("a blob that is larger than the hypervisor's buffer");
    return hypervisor_.load(blob_at, blob);
}

Answer VmMigration::request_import(const Bytes& blob, Vmid& vmid) {
    const Address blob_at = hypervisor_.take_frame() * page_bytes;
    if (const Answer stored = hypervisor_.store(blob_at, blob); !stored.ok()) return stored;
    const Answer imported =
        hsvm_.carry_out(HsvmOperation::import_vm, {{HsvmRegister::buffer_address, blob_at}, {HsvmRegister::buffer_length, blob.size()}});
    vmid = static_cast<Vmid>(hsvm_.result(HsvmRegister::result_vmid));
    return imported;
}

Answer VmMigration::migrate_out(Vmid vmid, ByteView certificate, const Nonce& nonce, TravellingVm& vm) {
    const auto release = [&](const Bytes& key, const SealedVector& vector) {
        vm.vm_key = key;
        vm.vm_vector.assign(vector.begin(), vector.end());
    };
    const std::uint64_t pages = machine_.lifecycle()->vector(vmid) != nullptr ? machine_.lifecycle()->vector(vmid)->pages : 0;
    if (const Answer left = answer_of(machine_.lifecycle()->migrate_out(vmid, certificate, nonce, release)); !left.ok()) return left;
    machine_.ept()->remove(vmid);
    for (const Gpn gpn : hypervisor_.pages_of(vmid)) vm.pages[gpn] = memory_.read(memory_.page(hypervisor_.frame_of(vmid, gpn)));
    vm.tree = memory_.read(memory_.tree(load_le64(vm.vm_vector.data() + addr_tree_at), pages));
    hypervisor_.forget(vmid);
    return {};
}

Answer VmMigration::install(const TravellingVm& vm, Vmid& vmid) {
    Bytes vm_vector = vm.vm_vector;
    // Whatever the chip still has of frames that are filled behind its back.
    machine_.settle();
    const Address base = align_up(machine_.protection.end_of_metadata(), page_bytes);
    store_le64(vm_vector.data() + addr_tree_at, base);
    memory_.put({{base, vm.tree.size()}}, vm.tree);
    return hypervisor_.install(vm.vm_key, vm_vector, vmid);
}

}  // namespace coffer
