// What each operation of H-SVM costs in simulated time, over each transport: see docs/benchmarks.md and scripts/bench.
// The times that the benchmarks print are the simulation's.

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hsvm_guest.h"
#include "hsvm_platform.h"
#include "simulated_time.h"
#include "unit/test_chips.h"

namespace coffer {
namespace {

using Register = hsvm_registers::Register;

constexpr std::int64_t rounds = 32;
constexpr std::uint64_t small_vm_pages = 16;  // of VMs that are launched or deleted
constexpr Gpn small_vm_end = 64;
// Machine pages that no VM has.
constexpr std::uint64_t free_frame = Guest::pages;
constexpr Address buffer = (free_frame + 1024) * page_bytes;
constexpr std::uint64_t buffer_bytes = 16 * page_bytes;
constexpr Address second_buffer = buffer + buffer_bytes;

/// Two platforms of a configuration, since VMs move from one to the other.
struct Pair {
    Pair(const std::string& name, bool combined)
        : here(name, {combined, Address{1} << 30, Address{32} << 20, 64, &test_chip(1)}),
          there(name + "_peer", {combined, Address{1} << 30, Address{32} << 20, 64, &test_chip(2)}) {}

    HsvmPlatform here;
    HsvmPlatform there;
};

std::unique_ptr<Pair> hsvm_pair;
std::unique_ptr<Pair> combined_pair;

/// What a caller writes to the controller's registers, and which of the results it reads beside STATUS.
struct Command {
    HsvmOperation operation;
    std::vector<std::pair<Register, Bytes>> arguments;
    std::vector<Register> results;
    HsvmCaller caller = HsvmCaller::host;
    Vmid vmid = host_vmid;
};

Bytes word(std::uint64_t value) {
    Bytes bytes(8);
    store_le64(bytes.data(), value);
    return bytes;
}

/// Whether the operation is done.
bool send(HsvmPlatform& platform, HsvmTransport transport, Command command, sc_core::sc_time& delay) {
    const auto write = [&](Register name, Bytes& bytes) {
        return platform.command_access(transport, tlm::TLM_WRITE_COMMAND, command.caller, command.vmid, name, bytes.data(), delay);
    };
    const auto read = [&](Register name, Bytes& bytes) {
        return platform.command_access(transport, tlm::TLM_READ_COMMAND, command.caller, command.vmid, name, bytes.data(), delay);
    };
    for (auto& [name, value] : command.arguments)
        if (!write(name, value)) return false;
    Bytes operation = word(static_cast<std::uint64_t>(command.operation));
    Bytes bytes(8);
    if (!write(Register::operation, operation) || !read(Register::status, bytes) ||
        load_le64(bytes.data()) != static_cast<std::uint64_t>(HsvmStatus::ok))
        return false;
    for (const Register name : command.results) {
        bytes.resize(hsvm_registers::entry(name).bytes);
        if (!read(name, bytes)) return false;
    }
    return true;
}

/// A VM that lives for one round.
Vmid small_vm(HsvmPlatform& platform) {
    Vmid vmid = 0;
    HsvmController& controller = platform.hsvm.controller();
    require(controller.create(HsvmCaller::host, {small_vm_end, 1, platform.combined ? (small_vm_end - 2) * page_bytes : 0}, vmid) == HsvmStatus::ok,
            "a VM cannot be made");
    for (std::uint64_t page = 0; page != small_vm_pages; ++page)
        require(controller.page_map(HsvmCaller::host, vmid, page, free_frame + page) == HsvmStatus::ok, "a page cannot be mapped");
    if (platform.combined)
        require(controller.page_map(HsvmCaller::host, vmid, small_vm_end - 1, free_frame + small_vm_pages) == HsvmStatus::ok,
                "the context's page cannot be mapped");
    return vmid;
}

/// One that has its pages swapped out, and may leave.
Vmid leaving_vm(HsvmPlatform& platform) {
    const Vmid vmid = small_vm(platform);
    HsvmController& controller = platform.hsvm.controller();
    const auto swap_out = [&](Gpn gpn) {
        Bytes image;
        require(controller.swap_out(HsvmCaller::host, vmid, gpn, image) == HsvmStatus::ok, "a page cannot be swapped out");
    };
    for (std::uint64_t page = 0; page != small_vm_pages; ++page) swap_out(page);
    if (platform.combined) swap_out(small_vm_end - 1);
    return vmid;
}

/// A VM that has left, for the chip that made the nonce.
Bytes exported(HsvmPlatform& source, const ChipIdentity& target, const Nonce& nonce) {
    const SignedCertificate& certificate = target.certificate(KeyUsage::unwrap);
    Bytes blob;
    require(source.hsvm.controller().export_vm(HsvmCaller::host, leaving_vm(source), certificate, nonce, blob) == HsvmStatus::ok,
            "a VM cannot be exported");
    return blob;
}

/// One operation, in its turn: what has to be there before, the command, and what is to be undone behind it. Neither of the former takes time.
class Scenario {
public:
    explicit Scenario(Pair& pair) : platform_(pair.here), peer_(pair.there), guest_(pair.here) {
        require(!platform_.combined || controller().page_map(HsvmCaller::host, guest_.vmid, Guest::pages - 1, free_frame + 512) == HsvmStatus::ok,
                "the context's page cannot be mapped");
    }

    Command create(std::size_t) {
        // The lowest VMID that is free: the guest's own is the only other.
        undo = [this] { (void)controller().delete_vm(HsvmCaller::host, static_cast<Vmid>(guest_.vmid + 1)); };
        return {HsvmOperation::create,
                {{Register::pages, word(Guest::pages)}, {Register::vcpus, word(1)}, {Register::addr_shim, word(Guest::addr_shim(platform_))}},
                {Register::result_vmid}};
    }
    Command delete_vm(std::size_t) { return {HsvmOperation::delete_vm, {{Register::vmid, word(small_vm(platform_))}}, {}}; }
    Command launch(std::size_t) {
        const Vmid vmid = small_vm(platform_);
        undo = [this, vmid] { (void)controller().delete_vm(HsvmCaller::host, vmid); };
        return {HsvmOperation::launch,
                {{Register::vmid, word(vmid)},
                 {Register::gpn, word(0)},
                 {Register::buffer_address, word(buffer)},
                 {Register::buffer_length, word(small_vm_pages * page_bytes)},
                 {Register::second_address, word(buffer)},
                 {Register::second_length, word(ContextBytes{}.size())}},
                {}};
    }
    Command page_map(std::size_t i) { return {HsvmOperation::page_map, {vmid(), gpn(i), frame(i)}, {}}; }
    Command page_unmap(std::size_t i) {
        guest_.map(i);
        return {HsvmOperation::page_unmap, {vmid(), gpn(i)}, {}};
    }
    Command page_move(std::size_t i) {
        fill(i);
        return {HsvmOperation::page_move, {vmid(), gpn(i), frame(rounds + i)}, {}};
    }
    Command swap_out(std::size_t i) {
        fill(i);
        return {HsvmOperation::swap_out,
                {vmid(), gpn(i), {Register::buffer_address, word(buffer)}, {Register::buffer_length, word(buffer_bytes)}},
                {Register::result_length}};
    }
    Command swap_in(std::size_t i) {
        sc_core::sc_time none;
        require(send(platform_, HsvmTransport::microcode, swap_out(i), none), "a page cannot be swapped out");
        const std::uint64_t bytes = controller().swap_image_bytes();
        return {
            HsvmOperation::swap_in, {vmid(), gpn(i), frame(i), {Register::buffer_address, word(buffer)}, {Register::buffer_length, word(bytes)}}, {}};
    }
    Command context_restore(std::size_t) {
        undo = [this] { (void)controller().context_save(HsvmCaller::host, guest_.vmid, 0, 0, {}); };
        return {HsvmOperation::context_restore, {vmid(), {Register::vcpu, word(0)}, {Register::core, word(0)}}, {}};
    }
    Command context_save(std::size_t) {
        VcpuContext context;
        require(controller().context_restore(HsvmCaller::host, guest_.vmid, 0, 0, context) == HsvmStatus::ok, "a context cannot be restored");
        return {HsvmOperation::context_save, {vmid(), {Register::vcpu, word(0)}, {Register::core, word(0)}}, {}};
    }
    Command release(std::size_t i) {
        fill(i);
        return {HsvmOperation::release, {gpn(i)}, {}, HsvmCaller::guest, guest_.vmid};
    }
    Command share(std::size_t i) {
        fill(i);
        return {HsvmOperation::share,
                {gpn(i), {Register::sharer, word(host_vmid)}, {Register::flags, word(hsvm_registers::flags_writable_mask)}},
                {},
                HsvmCaller::guest,
                guest_.vmid};
    }
    Command unshare(std::size_t i) {
        sc_core::sc_time none;
        require(send(platform_, HsvmTransport::microcode, share(i), none), "a page cannot be shared");
        return {HsvmOperation::unshare, {gpn(i)}, {}, HsvmCaller::guest, guest_.vmid};
    }
    Command attest(std::size_t i) {
        guest_.map(i);
        return {HsvmOperation::attest,
                {{Register::nonce, Bytes(32)},
                 {Register::user_data, Bytes(64)},
                 {Register::buffer_address, word(guest_.gpa(i))},
                 {Register::buffer_length, word(page_bytes)}},
                {Register::result_length},
                HsvmCaller::guest,
                guest_.vmid};
    }
    Command challenge(std::size_t) {
        // Not more than a few are awaited at a time: each is used.
        undo = [this] {
            Nonce nonce{};
            sc_core::sc_time none;
            const bool read = platform_.command_access(HsvmTransport::microcode, tlm::TLM_READ_COMMAND, HsvmCaller::host, host_vmid,
                                                       Register::result_nonce, nonce.data(), none);
            require(read, "a nonce cannot be read");
            Vmid vmid = 0;
            require(controller().import_vm(HsvmCaller::host, exported(peer_, test_chip(1), nonce), vmid) == HsvmStatus::ok,
                    "a VM cannot be imported");
            require(controller().delete_vm(HsvmCaller::host, vmid) == HsvmStatus::ok, "a VM cannot be deleted");
        };
        return {HsvmOperation::challenge, {}, {Register::result_nonce}};
    }
    Command export_vm(std::size_t) {
        constexpr Nonce nonce{1, 2, 3};
        const SignedCertificate& certificate = test_chip(2).certificate(KeyUsage::unwrap);
        put(second_buffer, {certificate.data(), certificate.size()});
        return {HsvmOperation::export_vm,
                {{Register::vmid, word(leaving_vm(platform_))},
                 {Register::nonce, Bytes(nonce.begin(), nonce.end())},
                 {Register::buffer_address, word(buffer)},
                 {Register::buffer_length, word(buffer_bytes)},
                 {Register::second_address, word(second_buffer)},
                 {Register::second_length, word(certificate.size())}},
                {Register::result_length}};
    }
    Command import_vm(std::size_t) {
        undo = [this] { (void)controller().delete_vm(HsvmCaller::host, static_cast<Vmid>(guest_.vmid + 1)); };
        Nonce nonce{};
        require(controller().challenge(HsvmCaller::host, nonce) == HsvmStatus::ok, "there is no nonce");
        const Bytes blob = exported(peer_, test_chip(1), nonce);
        put(buffer, blob);
        return {HsvmOperation::import_vm,
                {{Register::buffer_address, word(buffer)}, {Register::buffer_length, word(blob.size())}},
                {Register::result_vmid}};
    }

    std::function<void()> undo = [] {};

private:
    HsvmController& controller() { return platform_.hsvm.controller(); }
    std::pair<Register, Bytes> vmid() const { return {Register::vmid, word(guest_.vmid)}; }
    std::pair<Register, Bytes> gpn(std::size_t i) const { return {Register::gpn, word(page_of(guest_.gpa(i)))}; }
    std::pair<Register, Bytes> frame(std::size_t i) const { return {Register::frame, word(page_of(guest_.hpa(i)))}; }
    /// Bytes of a buffer, which are nowhere but in memory.
    void put(Address address, ByteView bytes) {
        platform_.llc.evict_all(LastLevelCache::Leaving::write_back);
        platform_.dram.memory().write(address, bytes.data, bytes.size);
    }
    /// A mapped page that its VM has written from end to end.
    void fill(std::size_t i) {
        guest_.map(i);
        Block64 line{1, 2, 3};
        sc_core::sc_time none;
        for (Address at = 0; at != page_bytes; at += line_bytes)
            require(
                platform_.guest_access(tlm::TLM_WRITE_COMMAND, guest_.vmid, guest_.gpa(i) + at, guest_.hpa(i) + at, line.data(), line.size(), none),
                "a page cannot be written");
    }

    HsvmPlatform& platform_;
    HsvmPlatform& peer_;
    Guest guest_;
};

void operation(benchmark::State& state, Command (Scenario::*make)(std::size_t), bool combined, HsvmTransport transport) {
    Pair& pair = combined ? *combined_pair : *hsvm_pair;
    HsvmPlatform& platform = pair.here;
    std::unique_ptr<Scenario> scenario;
    Command command;
    const auto prepare = [&](std::size_t i) {
        scenario->undo();
        command = ((*scenario).*make)(i);
        // No buffer is in the cache from the round before.
        platform.llc.evict_all(LastLevelCache::Leaving::write_back);
        return true;
    };
    const auto carry_out = [&](std::size_t, sc_core::sc_time& delay) { return send(platform, transport, command, delay); };
    // Frames and records that the chip gives out again cost a little more than new ones: all measurements see the former.
    scenario = std::make_unique<Scenario>(pair);
    for (std::size_t i = 0; i != rounds; ++i) {
        sc_core::sc_time none;
        require(prepare(i) && carry_out(i, none), "an operation is refused");
    }
    scenario->undo();
    scenario.reset();
    scenario = std::make_unique<Scenario>(pair);
    measure(state, platform, prepare, carry_out);
    scenario->undo();
}

void register_operations() {
    constexpr std::pair<const char*, Command (Scenario::*)(std::size_t)> operations[] = {
        {"create", &Scenario::create},
        {"launch", &Scenario::launch},
        {"page_map", &Scenario::page_map},
        {"page_move", &Scenario::page_move},
        {"page_unmap", &Scenario::page_unmap},
        {"swap_out", &Scenario::swap_out},
        {"swap_in", &Scenario::swap_in},
        {"context_restore", &Scenario::context_restore},
        {"context_save", &Scenario::context_save},
        {"release", &Scenario::release},
        {"share", &Scenario::share},
        {"unshare", &Scenario::unshare},
        {"attest", &Scenario::attest},
        {"challenge", &Scenario::challenge},
        {"export", &Scenario::export_vm},
        {"import", &Scenario::import_vm},
        {"delete", &Scenario::delete_vm},
    };
    constexpr std::pair<const char*, HsvmTransport> transports[] = {
        {"microcode", HsvmTransport::microcode}, {"smm", HsvmTransport::smm}, {"usart", HsvmTransport::usart}};
    for (const auto& [name, make] : operations)
        for (const bool combined : {false, true})
            for (const auto& [way, transport] : transports)
                benchmark::RegisterBenchmark(fmt::format("{}/{}/{}", name, combined ? "combined" : "hsvm", way).c_str(), operation, make, combined,
                                             transport)
                    ->Iterations(rounds)
                    ->UseManualTime();
}

}  // namespace
}  // namespace coffer

int sc_main(int argc, char* argv[]) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    coffer::hsvm_pair = std::make_unique<coffer::Pair>("hsvm", false);
    coffer::combined_pair = std::make_unique<coffer::Pair>("combined", true);
    coffer::register_operations();
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (coffer::Pair* const pair : {coffer::hsvm_pair.get(), coffer::combined_pair.get()})
        for (coffer::HsvmPlatform* const platform : {&pair->here, &pair->there}) platform->boot();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
