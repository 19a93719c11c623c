// Frames of the serial line over any bytes: a run of bytes is no frame, or it is the one that its content would be sent as.
//
// The first byte of an input chooses what the rest is:
//   b  bytes from the line
//   c  a frame without its CRC, which is put behind it first, so that mutations get past it
//   s  a sequence of the latter, each with its length before it: what the controller's end carries out must have a number ahead of the last

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "common/bytes.h"
#include "hsvm/serial_frame.h"
#include "hsvm/serial_responder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace coffer {
namespace {

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "serial_frame_fuzz: %s\n", what);
    std::abort();
}

bool same(const Bytes& bytes, ByteView view) { return bytes == Bytes(view.begin(), view.end()); }

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
}  // namespace coffer

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const coffer::ByteView rest(data + 1, size - 1);
    if (data[0] == 'b') coffer::parse(rest);
    if (data[0] == 'c') coffer::parse(coffer::with_crc(rest));
    if (data[0] == 's') coffer::respond(rest);
    return 0;
}
