#include "vcpu/context_page.h"

#include <algorithm>
#include <string_view>

namespace coffer {

namespace {

constexpr std::string_view magic = "CVC1";
constexpr std::size_t state_at = 4;
constexpr std::size_t reason_at = 5;
constexpr std::size_t instruction_bytes_at = 6;
constexpr std::size_t access_at = 7;
constexpr std::size_t size_at = 8;
constexpr std::size_t register_id_at = 9;
constexpr std::size_t operand_at = 10;
constexpr std::size_t port_at = 12;
constexpr std::size_t gpa_at = 16;
constexpr std::size_t exits_at = 24;
constexpr std::size_t time_at = 32;

}  // namespace

Block64 encode_header(const ContextHeader& header) {
    Block64 line{};
    std::copy(magic.begin(), magic.end(), line.begin());
    line[state_at] = static_cast<std::uint8_t>(header.state);
    if (header.event) {
        line[reason_at] = static_cast<std::uint8_t>(header.event->reason);
        line[instruction_bytes_at] = header.event->instruction_bytes;
        line[access_at] = static_cast<std::uint8_t>(header.event->access);
        line[size_at] = header.event->size;
        line[register_id_at] = header.event->register_id;
        line[operand_at] = header.event->operand;
        store_le16(&line[port_at], header.event->port);
        store_le64(&line[gpa_at], header.event->gpa);
    }
    store_le64(&line[exits_at], header.exits);
    store_le64(&line[time_at], header.time);
    return line;
}

std::optional<ContextHeader> decode_header(const Block64& line) {
    ContextHeader header;
    header.state = static_cast<ContextState>(line[state_at]);
    header.exits = load_le64(&line[exits_at]);
    header.time = load_le64(&line[time_at]);
    if (line[reason_at] != 0) {
        ExitEvent event;
        event.reason = static_cast<ExitReason>(line[reason_at]);
        event.instruction_bytes = line[instruction_bytes_at];
        event.access = static_cast<AccessType>(line[access_at]);
        event.size = line[size_at];
        event.register_id = line[register_id_at];
        event.operand = line[operand_at];
        event.port = load_le16(&line[port_at]);
        event.gpa = load_le64(&line[gpa_at]);
        header.event = event;
    }
    const bool known_state = header.state == ContextState::stopped || header.state == ContextState::running;
    // Encoding it again finds the wrong magic and every byte that should be zero.
    if (!known_state || encode_header(header) != line) return std::nullopt;
    return header;
}

MemoryAnswer store_context_page(GuestMemoryPort& memory, Address page, const ContextHeader& header, const VcpuContext& context) {
    const ContextBytes bytes = encode_context(context);
    if (const MemoryAnswer answer = write_guest(memory, page + line_bytes, bytes.data(), bytes.size()); answer != MemoryAnswer::ok) return answer;
    return memory.write_line(page, encode_header(header).data());
}

}  // namespace coffer
