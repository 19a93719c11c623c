// Frames of the serial line over any bytes: a run of bytes is no frame, or it is the one that its content would be sent as.
//
// The first byte of an input chooses what the rest is:
//   b  bytes from the line
//   c  a frame without its CRC, which is put behind it first, so that mutations get past it
//   s  a sequence of the latter, each with its length before it: what the controller's end carries out must have a number ahead of the last

#include <optional>

#include "common/bytes.h"
#include "fuzz_target.h"
#include "hsvm/serial_frame.h"
#include "hsvm/serial_responder.h"

namespace coffer::fuzz {
namespace {

void parse(ByteView bytes) {
    const auto request = parse_serial_request(bytes);
    const auto answer = parse_serial_answer(bytes);
    require(!request || !answer, "a frame is both request and answer");
    require(!request || same(encode(*request), bytes), "a byte of a request is ignored");
    require(!answer || same(encode(*answer), bytes), "a byte of an answer is ignored");
}

Bytes with_crc(ByteView content) {
    Bytes frame(content.begin(), content.end());
    const std::uint16_t crc = serial_crc(content);
    frame.push_back(static_cast<std::uint8_t>(crc >> 8));
    frame.push_back(static_cast<std::uint8_t>(crc));
    return frame;
}

void parse_content(ByteView content) { parse(with_crc(content)); }

struct Executor : SerialExecutor {
    SerialAnswer execute(const SerialRequest& request) override {
        const auto ahead = static_cast<std::uint16_t>(request.sequence - last);
        require(ahead != 0 && ahead < 0x8000, "an old request was carried out");
        last = request.sequence;
        return {0, SerialStatus::ok, Bytes(request.write ? 0 : request.count)};
    }
    std::uint16_t last = 0;
};

void respond(ByteView rest) {
    Executor executor;
    SerialResponder responder(executor);
    while (rest.size != 0) {
        const std::size_t length = rest.data[0] < rest.size ? rest.data[0] : rest.size - 1;
        const auto answer = responder.receive(with_crc({rest.data + 1, length}));
        require(!answer || parse_serial_answer(*answer).has_value(), "what is sent back is no answer");
        rest = {rest.data + 1 + length, rest.size - 1 - length};
    }
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer::fuzz;
    read_chosen({data, size}, {{'b', parse}, {'c', parse_content}, {'s', respond}});
    return 0;
}
