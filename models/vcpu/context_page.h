#pragma once

#include <cstdint>
#include <optional>

#include "common/bytes.h"
#include "common/units.h"
#include "vcpu/exit_event.h"
#include "vcpu/guest_memory_port.h"
#include "vcpu/vcpu_context.h"

namespace coffer {

/// What a vCPU's context page says of the context behind its first line. The values are the codes in the page.
enum class ContextState : std::uint8_t {
    stopped = 1,  ///< the vCPU can go on from here
    running = 2,  ///< the vCPU went on from here: the context is of the past
};

/// The first line of a context page (docs/formats.md).
struct ContextHeader {
    ContextState state = ContextState::stopped;
    std::optional<ExitEvent> event;  ///< the exit that stopped the vCPU; nothing where its owner prepared the context
    std::uint64_t exits = 0;         ///< exits of the vCPU so far
    std::uint64_t time = 0;          ///< the last count that the vCPU was given of an exit whose counts never become less
};

Block64 encode_header(const ContextHeader& header);
/// Nothing where the line is no header. Whether the event is possible is not looked at.
std::optional<ContextHeader> decode_header(const Block64& line);

/// The page of a vCPU's context: Addr_shim + 4096 * (1 + vCPU).
constexpr Address context_page(Address addr_shim, std::uint64_t vcpu) { return addr_shim + page_bytes * (1 + vcpu); }

/// Writes a context page, its first line last: until then the page says what it said before.
MemoryAnswer store_context_page(GuestMemoryPort& memory, Address page, const ContextHeader& header, const VcpuContext& context);

}  // namespace coffer
