#pragma once

#include <cstdint>
#include <functional>

#include "memory/address_map.h"
#include "unit/commanded_machine.h"

namespace coffer {

/// A write of OPERATION with arguments before it, by any caller.
struct AnyOperation {
    HsvmRequester requester;
    std::uint64_t code = 0;
    CommandedMachine::Arguments arguments;
};

/// Makes one of bytes that may be anything. Most are operations that there are; their arguments are small numbers, the ends of whatever has an end in
/// memory of this map, and any numbers.
AnyOperation any_operation(const std::function<std::uint8_t()>& next, const AddressMap& map);

}  // namespace coffer
