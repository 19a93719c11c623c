// The registers of the H-SVM controller: any callers, operations and arguments, on a chip with two VMs. Every answer is one that the decision table
// has for the operation, and no operation takes or gives more than memory can hold.
//
// The first byte of an input chooses the configuration, the others what any_operation makes of them:
//   h  hsvm
//   c  combined

#include <algorithm>

#include "fuzz/fuzz_target.h"
#include "unit/any_operation.h"
#include "unit/decision_file.h"

namespace coffer {
namespace {

constexpr std::uint64_t pages = 64;
constexpr std::size_t most_operations = 40;

/// VMs 2 and 3 with pages, one of them shared and one swapped out, whose image is where buffers are.
class Bench {
public:
    explicit Bench(bool encrypt) : machine_(settings(encrypt)), registers_(machine_, cores) {
        const Address shim = encrypt ? 40 * page_bytes : 0;
        for (unsigned i = 0; i < 2; ++i) {
            Vmid vmid = 0;
            must(machine_.hsvm.create(HsvmCaller::host, {pages, 2, shim}, vmid));
            for (Gpn gpn = 0; gpn < 8; ++gpn) must(machine_.hsvm.page_map(HsvmCaller::host, vmid, gpn, 16 * vmid + gpn));
            must(machine_.hsvm.page_map(HsvmCaller::host, vmid, 41, 16 * vmid + 8));
        }
        must(machine_.hsvm.share(HsvmCaller::guest, 2, 6, host_vmid, true));
        Bytes image;
        must(machine_.hsvm.swap_out(HsvmCaller::host, 2, 5, image));
        machine_.store.put(buffer, image);
        registers_.set({}, {{CommandedMachine::Register::buffer_address, buffer},
                            {CommandedMachine::Register::buffer_length, image.size()},
                            {CommandedMachine::Register::second_address, buffer},
                            {CommandedMachine::Register::second_length, context_bytes}});
    }

    void carry_out(const AnyOperation& operation) {
        registers_.set(operation.requester, operation.arguments);
        const std::uint64_t status = registers_.start(operation.requester, operation.code);
        static const auto answers = DecisionFile().answers();
        const auto known = answers.find(operation.code);
        const bool answered = known == answers.end() ? status == static_cast<std::uint64_t>(CommandStatus::unknown_operation)
                                                     : known->second.count(status) != 0;
        fuzz::require(answered, "an answer that the table does not have");
        fuzz::require(registers_.bytes_moved <= data_frames * page_bytes, "more bytes than memory has");
    }
    const AddressMap& map() const { return machine_.memory.map(); }

private:
    static constexpr unsigned cores = 2;
    static constexpr std::uint64_t data_frames = 1024;
    static constexpr Address buffer = 100 * page_bytes;

    static HsvmMachineSettings settings(bool encrypt) {
        HsvmMachineSettings s;
        s.encrypt = encrypt;
        s.data_frames = data_frames;
        s.chip_frames = 24;
        s.cores = cores;
        return s;
    }
    static void must(HsvmStatus status) { fuzz::require(status == HsvmStatus::ok, "the bench cannot be set"); }

    HsvmMachine machine_;
    CommandedMachine registers_;
};

void carry_out_all(bool encrypt, ByteView input) {
    Bench bench(encrypt);
    std::size_t at = 0;
    const auto next = [&] { return at < input.size ? input.data[at++] : std::uint8_t{0}; };
    for (std::size_t i = 0; i < most_operations && at < input.size; ++i) bench.carry_out(any_operation(next, bench.map()));
}

}  // namespace
}  // namespace coffer

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    coffer::fuzz::read_chosen({data, size}, {{'h', [](coffer::ByteView rest) { coffer::carry_out_all(false, rest); }},
                                             {'c', [](coffer::ByteView rest) { coffer::carry_out_all(true, rest); }}});
    return 0;
}
