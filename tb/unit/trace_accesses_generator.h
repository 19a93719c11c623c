#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <tuple>
#include <vector>

#include "vcpu/trace_codec.h"

namespace coffer {

/// Any accesses that a trace can hold.
inline rc::Gen<std::vector<TraceAccess>> any_accesses() {
    const auto address = rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange<std::uint64_t>(0, 20000));
    const auto instructions = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 20), rc::gen::arbitrary<std::uint32_t>());
    const auto access =
        rc::gen::map(rc::gen::tuple(address, instructions, rc::gen::inRange(0, 7), rc::gen::arbitrary<bool>()), [](const auto& parts) {
            TraceAccess made{std::get<0>(parts), std::get<1>(parts), static_cast<std::uint8_t>(1 << std::get<2>(parts)), std::get<3>(parts)};
            // An access that would leave the address space moves down.
            if (!trace_codec::is_recordable(made)) made.address &= ~std::uint64_t{63};
            return made;
        });
    return rc::gen::container<std::vector<TraceAccess>>(access);
}

}  // namespace coffer
