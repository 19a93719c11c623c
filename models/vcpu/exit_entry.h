#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vcpu/vcpu_context.h"

namespace coffer {

/// Why a vCPU left its guest; the enumerators are generated from models/vcpu/exits.yaml.
enum class ExitReason : std::uint8_t;

/// What an exit can tell the hypervisor beside registers. `data` is what the access carries; the rest says which access it is.
enum class EventField : std::uint8_t { port, size, access, gpa, register_id, data };
inline constexpr std::size_t event_field_count = 6;
inline constexpr std::array<std::string_view, event_field_count> event_field_names = {"port", "size", "access", "gpa", "register_id", "data"};

/// A few items of a row of the exit table.
template <class Item, std::size_t Most>
struct ExitItems {
    std::array<Item, Most> items{};
    std::size_t count = 0;

    constexpr const Item* begin() const { return items.data(); }
    constexpr const Item* end() const { return items.data() + count; }
    constexpr bool empty() const { return count == 0; }
};

/// In place of a width in bits: that of the access, 8 * size.
inline constexpr std::uint8_t access_width = 0;

struct ShownRegister {
    Register reg{};
    std::uint8_t bits = 64;  ///< only so many low bits are shown, the others as 0; or access_width
};

/// From `low` to `high`, both included.
struct ValueRange {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

struct AcceptedValue {
    bool data = false;       ///< the value is the `data` of the access, for its operand register, and not `reg`
    Register reg{};
    std::uint8_t bits = 64;  ///< a value that needs more is refused; or access_width, and then the register changes as a move of that size changes it
    ExitItems<ValueRange, 2> ranges;  ///< if there are any, the value must lie in one of them
};

/// A row of the exit table: what the hypervisor sees of an exit, and what it may give back.
struct ExitEntry {
    ExitReason reason{};
    std::string_view name;
    bool instruction = false;   ///< the guest goes on behind the instruction that made the exit, not at it
    std::uint8_t sizes = 0;     ///< bit i: accesses of 1 << i bytes are possible; 0: the exit is no access
    std::uint8_t shown_event = 0;  ///< bit i: EventField i is shown
    ExitItems<ShownRegister, 8> shown;
    ExitItems<AcceptedValue, 4> accepted;
    bool monotonic = false;     ///< `accepted` are RAX and RDX, the halves of a count that never becomes less for a vCPU

    constexpr bool shows(EventField field) const { return (shown_event >> static_cast<unsigned>(field) & 1) != 0; }
};

}  // namespace coffer
