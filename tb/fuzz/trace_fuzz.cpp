// Everything that reads traces, over any bytes: the result is an InputError or accesses that survive another round, nothing else.
//
// The first byte of an input chooses what the rest is:
//   f  a trace file
//   r  a trace file whose size and checksums are made right first, so that mutations get past them
//   a  the bytes of a block before compression, behind the number of its accesses (2 bytes)
//   p  the bytes of a list of pages before compression, behind its length (2 bytes)
//   t  the text form
//   c  a recording of the QEMU plugin

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/errors.h"
#include "fuzz_target.h"
#include "vcpu/trace_codec.h"
#include "vcpu/trace_file.h"
#include "vcpu/trace_format.h"
#include "vcpu/trace_recording.h"
#include "vcpu/trace_text.h"

namespace coffer::fuzz {
namespace {

/// A file in memory that has a path.
class MemoryFile {
public:
    explicit MemoryFile(ByteView bytes) : descriptor_(::memfd_create("trace", MFD_CLOEXEC)) {
        if (descriptor_ < 0 || ::write(descriptor_, bytes.data, bytes.size) != static_cast<ssize_t>(bytes.size)) std::abort();
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

bool same(const TraceAccess& a, const TraceAccess& b) {
    return a.address == b.address && a.instructions == b.instructions && a.size == b.size && a.write == b.write;
}

bool all_same(const std::vector<TraceAccess>& a, const std::vector<TraceAccess>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

std::vector<TraceAccess> read_all(AccessSource& source) {
    std::vector<TraceAccess> accesses;
    for (TraceAccess access; source.next(access);) {
        require(trace_codec::is_recordable(access), "an access that cannot be");
        accesses.push_back(access);
    }
    return accesses;
}

void check_text_round(const std::vector<TraceAccess>& accesses) {
    class Replay final : public AccessSource {
    public:
        explicit Replay(const std::vector<TraceAccess>& accesses) : next_(accesses.begin()), end_(accesses.end()) {}
        bool next(TraceAccess& access) override {
            if (next_ == end_) return false;
            access = *next_++;
            return true;
        }

    private:
        std::vector<TraceAccess>::const_iterator next_, end_;
    };
    Replay replay(accesses);
    std::stringstream text;
    write_trace_text(replay, "command", [&text](std::string_view piece) { text << piece; });
    TraceTextReader reader(text, "text");
    require(all_same(read_all(reader), accesses), "the text form changes the accesses");
    require(reader.command() == "command", "the text form changes the command");
}

void read_file(ByteView bytes) {
    const MemoryFile file(bytes);
    TraceReader reader(file.path());
    const std::vector<TraceAccess> accesses = read_all(reader);
    require(accesses.size() == reader.info().accesses, "another number of accesses than the header's");
    for (const TraceAccess& access : accesses)
        for (std::uint64_t page : {trace_codec::first_page(access), trace_codec::last_page(access)})
            require(std::binary_search(reader.info().pages.begin(), reader.info().pages.end(), page), "an access beyond the listed pages");
    reader.rewind();
    require(all_same(read_all(reader), accesses), "a second reading differs");
    check_text_round(accesses);
}

void repair_checksums(Bytes& file) {
    using trace_format::Header;
    using trace_format::SectionHeader;
    if (file.size() < Header::bytes_with(0)) return;
    const std::size_t header_bytes = Header::bytes_with(load_le32(&file[12]) % (file.size() - Header::bytes_with(0) + 1));
    store_le32(&file[12], static_cast<std::uint32_t>(header_bytes - Header::bytes_with(0)));
    store_le64(&file[16], file.size());
    const std::size_t checked = header_bytes - trace_format::checksum_bytes;
    const trace_format::Checksum sum = trace_format::checksum({file.data(), checked}, {});
    std::copy(sum.begin(), sum.end(), file.begin() + static_cast<std::ptrdiff_t>(checked));
    for (std::size_t at = header_bytes; file.size() - at >= SectionHeader::bytes;) {
        std::array<std::uint8_t, SectionHeader::bytes> encoded;
        std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at), encoded.size(), encoded.begin());
        SectionHeader section = SectionHeader::decode(encoded);
        at += SectionHeader::bytes;
        if (section.stored_bytes > file.size() - at) return;
        section.checksum = section.checksum_of({&file[0] + at, section.stored_bytes});
        encoded = section.encode();
        std::copy(encoded.begin(), encoded.end(), file.begin() + static_cast<std::ptrdiff_t>(at - SectionHeader::bytes));
        at += section.stored_bytes;
    }
}

void read_block(ByteView bytes) {
    if (bytes.size < 2) return;
    std::vector<TraceAccess> accesses;
    trace_codec::decode_accesses({bytes.data + 2, bytes.size - 2}, load_le16(bytes.data), "block", accesses);
    std::vector<TraceAccess> again;
    trace_codec::decode_accesses(trace_codec::encode_accesses(accesses), accesses.size(), "block", again);
    require(all_same(accesses, again), "coding changes the accesses");
}

void read_pages(ByteView bytes) {
    if (bytes.size < 2) return;
    const std::vector<std::uint64_t> pages = trace_codec::decode_pages({bytes.data + 2, bytes.size - 2}, load_le16(bytes.data), "pages");
    require(std::adjacent_find(pages.begin(), pages.end(), std::greater_equal<>()) == pages.end(), "pages that do not ascend");
    require(trace_codec::decode_pages(trace_codec::encode_pages(pages), pages.size(), "pages") == pages, "coding changes the pages");
}

template <typename Reader>
void read_stream(ByteView bytes) {
    std::istringstream stream(std::string(bytes.begin(), bytes.end()));
    Reader reader(stream, "stream");
    check_text_round(read_all(reader));
}

void read_repaired_file(ByteView bytes) {
    Bytes repaired(bytes.begin(), bytes.end());
    repair_checksums(repaired);
    read_file(repaired);
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer;
    using namespace coffer::fuzz;
    try {
        read_chosen({data, size}, {{'f', read_file}, {'r', read_repaired_file}, {'a', read_block}, {'p', read_pages},
                                   {'t', read_stream<TraceTextReader>}, {'c', read_stream<TraceRecordingReader>}});
    } catch (const InputError& error) {
        require(std::string(error.what()).find('\n') == std::string::npos, "a message of more than one line");
    }
    return 0;
}
