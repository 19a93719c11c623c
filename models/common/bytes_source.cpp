#include "common/bytes_source.h"

#include <algorithm>
#include <utility>

#include "common/units.h"

namespace coffer {

BytesSource::BytesSource(std::uint64_t size, Read read) : size_(size), read_(std::move(read)) {}

BytesSource::BytesSource(ByteView bytes) : size_(bytes.size), read_([bytes](std::uint64_t offset, std::uint8_t* data, std::size_t size) {
    std::copy_n(bytes.data + offset, size, data);
    return true;
}) {}

std::optional<Bytes> BytesSource::take(std::uint64_t offset, std::uint64_t size) const {
    Bytes bytes;
    // Page by page, so that memory grows only with what there is.
    while (bytes.size() < size) {
        const std::size_t done = bytes.size();
        bytes.resize(done + std::min<std::uint64_t>(size - done, page_bytes));
        if (!read_(offset + done, bytes.data() + done, bytes.size() - done)) return std::nullopt;
    }
    return bytes;
}

}  // namespace coffer
