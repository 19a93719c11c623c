#pragma once

#include "hsvm/register_table.h"
#include "tlm/hsvm_bench.h"

namespace coffer::test {

/// The operations of HsvmController through the command socket of a bench. Buffers lie in frames that nothing else uses.
class CommandedHsvm {
public:
    using Register = hsvm_registers::Register;
    static constexpr std::uint64_t buffer_frame = HsvmBench::buffer_frame;

    explicit CommandedHsvm(HsvmBench& bench) : bench_(bench) {}

    HsvmStatus create(HsvmCaller caller, const VmArguments& arguments, Vmid& vmid) {
        set(caller, 0, {{Register::pages, arguments.pages}, {Register::vcpus, arguments.vcpus}, {Register::addr_shim, arguments.addr_shim}});
        const HsvmStatus status = start(caller, 0, HsvmOperation::create);
        vmid = static_cast<Vmid>(get(Register::result_vmid));
        return status;
    }
    HsvmStatus delete_vm(HsvmCaller caller, Vmid vmid) { return carry_out(caller, vmid, HsvmOperation::delete_vm, {}); }
    HsvmStatus page_map(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame, bool large = false) {
        return carry_out(caller, vmid, HsvmOperation::page_map, {{Register::gpn, gpn}, {Register::frame, frame}, {Register::flags, large}});
    }
    HsvmStatus page_unmap(HsvmCaller caller, Vmid vmid, Gpn gpn, bool large = false) {
        return carry_out(caller, vmid, HsvmOperation::page_unmap, {{Register::gpn, gpn}, {Register::flags, large}});
    }
    HsvmStatus page_move(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame) {
        return carry_out(caller, vmid, HsvmOperation::page_move, {{Register::gpn, gpn}, {Register::frame, frame}});
    }
    HsvmStatus swap_out(HsvmCaller caller, Vmid vmid, Gpn gpn, Bytes& image) {
        const HsvmStatus status =
            carry_out(caller, vmid, HsvmOperation::swap_out,
                      {{Register::gpn, gpn}, {Register::buffer_address, buffer_frame * page_bytes}, {Register::buffer_length, 2 * page_bytes}});
        if (status != HsvmStatus::ok) return status;
        image.resize(get(Register::result_length));
        bench_.initiator.set_context(nullptr);
        EXPECT_OK(bench_.initiator.read(buffer_frame * page_bytes, image));
        return status;
    }
    HsvmStatus swap_in(HsvmCaller caller, Vmid vmid, Gpn gpn, std::uint64_t frame, const Bytes& image) {
        bench_.initiator.set_context(nullptr);
        EXPECT_OK(bench_.initiator.write(buffer_frame * page_bytes, image));
        return carry_out(caller, vmid, HsvmOperation::swap_in,
                         {{Register::gpn, gpn},
                          {Register::frame, frame},
                          {Register::buffer_address, buffer_frame * page_bytes},
                          {Register::buffer_length, image.size()}});
    }
    HsvmStatus context_save(HsvmCaller caller, Vmid vmid, std::uint32_t vcpu, unsigned core, const VcpuContext&) {
        return carry_out(caller, vmid, HsvmOperation::context_save, {{Register::vcpu, vcpu}, {Register::core, core}});
    }
    HsvmStatus context_restore(HsvmCaller caller, Vmid vmid, std::uint32_t vcpu, unsigned core, const VcpuContext&) {
        return carry_out(caller, vmid, HsvmOperation::context_restore, {{Register::vcpu, vcpu}, {Register::core, core}});
    }
    HsvmStatus release(HsvmCaller caller, Vmid vmid, Gpn gpn, bool large = false) {
        return carry_out(caller, vmid, HsvmOperation::release, {{Register::gpn, gpn}, {Register::flags, large}});
    }
    HsvmStatus share(HsvmCaller caller, Vmid vmid, Gpn gpn, Vmid sharer, bool writable) {
        return carry_out(caller, vmid, HsvmOperation::share,
                         {{Register::gpn, gpn}, {Register::sharer, sharer}, {Register::flags, writable ? 2u : 0u}});
    }
    HsvmStatus unshare(HsvmCaller caller, Vmid vmid, Gpn gpn) { return carry_out(caller, vmid, HsvmOperation::unshare, {{Register::gpn, gpn}}); }

    using Arguments = std::vector<std::pair<Register, std::uint64_t>>;

    HsvmStatus carry_out(HsvmCaller caller, Vmid vmid, HsvmOperation operation, const Arguments& arguments) {
        set(caller, vmid, arguments);
        return start(caller, vmid, operation);
    }
    /// The caller from now on; the VMID is also the argument.
    void set(HsvmCaller caller, Vmid vmid, const Arguments& arguments) {
        become(caller, vmid);
        put(Register::vmid, vmid);
        for (const auto& [name, value] : arguments) put(name, value);
    }
    void become(HsvmCaller caller, Vmid vmid) {
        constexpr Mode modes[] = {Mode::host, Mode::shim, Mode::guest, Mode::device};
        context_.mode = modes[static_cast<std::size_t>(caller)];
        context_.vmid = context_.mode == Mode::shim || context_.mode == Mode::guest ? vmid : host_vmid;
        bench_.commander.set_context(&context_);
    }
    HsvmStatus start(HsvmCaller caller, Vmid vmid, HsvmOperation operation) {
        become(caller, vmid);
        put(Register::operation, static_cast<std::uint64_t>(operation));
        return static_cast<HsvmStatus>(get(Register::status));
    }
    void put(Register name, std::uint64_t value) { EXPECT_OK(bench_.commander.write64(hsvm_registers::entry(name).address, value)); }
    std::uint64_t get(Register name) {
        std::uint64_t value = 0;
        EXPECT_OK(bench_.commander.read64(hsvm_registers::entry(name).address, value));
        return value;
    }

private:
    HsvmBench& bench_;
    SecurityContext context_;
};

}  // namespace coffer::test
