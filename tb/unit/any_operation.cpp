#include "unit/any_operation.h"

#include <iterator>

namespace coffer {

namespace {

using Argument = CommandedMachine::Register;

constexpr Argument argument_registers[] = {Argument::vmid,           Argument::gpn,           Argument::frame,          Argument::flags,
                                           Argument::pages,          Argument::vcpus,         Argument::addr_shim,      Argument::vcpu,
                                           Argument::core,           Argument::sharer,        Argument::buffer_address, Argument::buffer_length,
                                           Argument::second_address, Argument::second_length, Argument::nonce,          Argument::user_data};

std::uint64_t any_number(const std::function<std::uint8_t()>& next) {
    std::uint64_t number = 0;
    for (unsigned i = 0; i < 8; ++i) number = number << 8 | next();
    return number;
}

/// Where something ends or begins, and up to 16 before and behind it.
std::uint64_t telling_number(const std::function<std::uint8_t()>& next, const AddressMap& map) {
    const std::uint64_t chip_frame = page_of(map.chip_base()), last = ~std::uint64_t{0};
    const std::uint64_t numbers[] = {0,
                                     page_bytes,
                                     40 * page_bytes,
                                     chip_frame,
                                     chip_frame * page_bytes,
                                     map.tree_base(),
                                     512,
                                     context_bytes,
                                     6000,
                                     (chip_frame - 4) * page_bytes,
                                     std::uint64_t{1} << 16,
                                     std::uint64_t{1} << 32,
                                     std::uint64_t{1} << 36,
                                     CommandedMachine::endless_memory,
                                     std::uint64_t{1} << 52,
                                     std::uint64_t{1} << 63,
                                     last - CommandedMachine::endless_memory,
                                     last};
    const std::uint64_t number = numbers[next() % std::size(numbers)];
    const std::uint8_t distance = next();
    return distance < 0x80 ? number : number + distance % 33 - 16;
}

std::uint64_t argument(const std::function<std::uint8_t()>& next, const AddressMap& map) {
    const std::uint8_t kind = next();
    if (kind < 0x80) return kind % 64;
    if (kind < 0xe0) return telling_number(next, map);
    return any_number(next);
}

HsvmRequester any_requester(const std::function<std::uint8_t()>& next) {
    const std::uint8_t kind = next();
    const auto vmid = static_cast<Vmid>(2 + next() % 4);
    if (kind < 0xa0) return {};
    if (kind < 0xd0) return {HsvmCaller::guest, vmid};
    return kind < 0xf0 ? HsvmRequester{HsvmCaller::shim, vmid} : HsvmRequester{HsvmCaller::device, host_vmid};
}

}  // namespace

AnyOperation any_operation(const std::function<std::uint8_t()>& next, const AddressMap& map) {
    AnyOperation operation;
    operation.requester = any_requester(next);
    const std::uint8_t kind = next();
    if (kind < 0xf0)
        operation.code = kind % 18 == 17 ? static_cast<std::uint64_t>(HsvmOperation::read_export) : 1 + kind % 18;
    else
        operation.code = kind < 0xf8 ? next() : any_number(next);
    // The VMs that there are, or nearly.
    operation.arguments.emplace_back(Argument::vmid, 2 + next() % 4);
    for (unsigned count = next() % 6; count != 0; --count) {
        const Argument name = argument_registers[next() % std::size(argument_registers)];
        operation.arguments.emplace_back(name, argument(next, map));
    }
    return operation;
}

}  // namespace coffer
