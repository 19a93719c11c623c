#include "hsvm/serial_frame.h"

#include <algorithm>

namespace coffer {

namespace {

enum Kind : std::uint8_t { read_request = 1, write_request = 2, answer = 3 };

constexpr std::size_t crc_bytes = 2;
// Where the data begins, with the CRC behind it.
constexpr std::size_t request_data = serial_request_bytes - crc_bytes;
constexpr std::size_t answer_data = serial_answer_bytes - crc_bytes;

// The CRC's high byte goes first: so it is defined.
void set_crc(Bytes& frame) {
    const std::size_t end = frame.size() - crc_bytes;
    const std::uint16_t crc = serial_crc({frame.data(), end});
    frame[end] = static_cast<std::uint8_t>(crc >> 8);
    frame[end + 1] = static_cast<std::uint8_t>(crc);
}

bool has_good_crc(ByteView frame) {
    if (frame.size < crc_bytes) return false;
    const std::size_t end = frame.size - crc_bytes;
    return serial_crc({frame.data, end}) == (frame.data[end] << 8 | frame.data[end + 1]);
}

Bytes data_between(ByteView frame, std::size_t begin) { return Bytes(frame.data + begin, frame.end() - crc_bytes); }

}  // namespace

std::uint16_t serial_crc(ByteView bytes) {
    constexpr unsigned polynomial = 0x1021;
    unsigned crc = 0xffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= static_cast<unsigned>(byte) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ polynomial : crc << 1;
    }
    return static_cast<std::uint16_t>(crc);
}

Bytes encode(const SerialRequest& request) {
    Bytes frame(serial_request_bytes + request.data.size());
    frame[0] = request.write ? write_request : read_request;
    frame[1] = request.count;
    frame[2] = static_cast<std::uint8_t>(request.caller);
    frame[3] = 0;
    store_le16(&frame[4], request.sequence);
    store_le16(&frame[6], request.vmid);
    store_le32(&frame[8], request.address);
    std::copy(request.data.begin(), request.data.end(), frame.begin() + request_data);
    set_crc(frame);
    return frame;
}

Bytes encode(const SerialAnswer& answered) {
    Bytes frame(serial_answer_bytes + answered.data.size());
    frame[0] = answer;
    frame[1] = static_cast<std::uint8_t>(answered.data.size());
    frame[2] = static_cast<std::uint8_t>(answered.status);
    frame[3] = 0;
    store_le16(&frame[4], answered.sequence);
    std::copy(answered.data.begin(), answered.data.end(), frame.begin() + answer_data);
    set_crc(frame);
    return frame;
}

std::optional<SerialRequest> parse_serial_request(ByteView bytes) {
    if (bytes.size < serial_request_bytes || !has_good_crc(bytes)) return std::nullopt;
    const std::uint8_t* const b = bytes.data;
    SerialRequest request;
    request.write = b[0] == write_request;
    request.count = b[1];
    const bool known = (b[0] == read_request || request.write) && b[2] <= static_cast<std::uint8_t>(HsvmCaller::device) && b[3] == 0;
    const std::size_t data = request.write ? request.count : 0;
    if (!known || request.count == 0 || request.count > serial_data_limit || bytes.size != serial_request_bytes + data) return std::nullopt;
    request.caller = static_cast<HsvmCaller>(b[2]);
    request.sequence = load_le16(b + 4);
    request.vmid = load_le16(b + 6);
    request.address = load_le32(b + 8);
    request.data = data_between(bytes, request_data);
    return request;
}

std::optional<SerialAnswer> parse_serial_answer(ByteView bytes) {
    if (bytes.size < serial_answer_bytes || !has_good_crc(bytes)) return std::nullopt;
    const std::uint8_t* const b = bytes.data;
    const bool known = b[0] == answer && b[2] <= static_cast<std::uint8_t>(SerialStatus::byte_enable_error) && b[3] == 0;
    if (!known || b[1] > serial_data_limit || bytes.size != serial_answer_bytes + b[1]) return std::nullopt;
    SerialAnswer answered;
    answered.status = static_cast<SerialStatus>(b[2]);
    answered.sequence = load_le16(b + 4);
    answered.data = data_between(bytes, answer_data);
    return answered;
}

}  // namespace coffer
