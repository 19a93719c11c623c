#pragma once

#include <cstdint>
#include <optional>

#include "common/bytes.h"
#include "common/units.h"
#include "hsvm/decisions.h"

namespace coffer {

/// Frames of the serial line between a processor and the H-SVM controller (docs/formats.md, serial frames): one access to a register there, its
/// answer back. A frame is the run of bytes between two silences.

/// Bytes of a register that one frame carries at most.
inline constexpr std::size_t serial_data_limit = 64;
inline constexpr std::size_t serial_request_bytes = 14;  ///< of a request, beside the data of a write
inline constexpr std::size_t serial_answer_bytes = 8;    ///< of an answer, beside the data of a read

struct SerialRequest {
    bool write = false;
    HsvmCaller caller = HsvmCaller::host;
    std::uint16_t sequence = 0;    ///< a request that is sent again keeps its own
    Vmid vmid = host_vmid;         ///< of the caller
    std::uint32_t address = 0;     ///< of the register
    std::uint8_t count = 0;        ///< bytes to read or write, 1 to serial_data_limit
    Bytes data;                    ///< of a write: `count` bytes
};

enum class SerialStatus : std::uint8_t { ok, generic_error, address_error, command_error, burst_error, byte_enable_error };

struct SerialAnswer {
    std::uint16_t sequence = 0;  ///< of the request
    SerialStatus status = SerialStatus::ok;
    Bytes data;  ///< what was read
};

/// CRC-16/IBM-3740: polynomial 0x1021, from 0xffff, high bit first, as it is. Finds every change of up to three bits in a frame, and all but one of
/// 65,536 others. It is no protection against whoever wants to change a frame.
std::uint16_t serial_crc(ByteView bytes);

Bytes encode(const SerialRequest& request);
Bytes encode(const SerialAnswer& answer);
/// Nothing unless the bytes are one whole frame of the kind, with a good CRC.
std::optional<SerialRequest> parse_serial_request(ByteView bytes);
std::optional<SerialAnswer> parse_serial_answer(ByteView bytes);

}  // namespace coffer
