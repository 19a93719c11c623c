// Trace files whose checksums are all right, whatever they say: what a checksum cannot find, the reader must.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "unit/trace_test_folder.h"
#include "vcpu/trace_codec.h"
#include "vcpu/trace_format.h"

namespace coffer {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using trace_format::Header;
using trace_format::SectionHeader;

/// One section: what it holds and what its header says.
struct Section {
    Bytes plain;
    std::uint32_t entries;
    std::function<void(SectionHeader&)> change = {};
};

/// A zstd frame (RFC 8878) of one raw block; its content size is one byte.
Bytes zstd_frame(const Bytes& plain) {
    const auto size = static_cast<std::uint8_t>(plain.size());
    Bytes frame = {0x28, 0xb5, 0x2f, 0xfd, 0x20, size, static_cast<std::uint8_t>(1 | size << 3), static_cast<std::uint8_t>(size >> 5), 0};
    frame.insert(frame.end(), plain.begin(), plain.end());
    return frame;
}

constexpr std::uint8_t read_of_8 = 3 | 1 << 4;
const Section one_read{{read_of_8, 0}, 1};
const Section page_0{{0}, 1};

class TraceCrafted : public TraceTestFolder {
protected:
    /// What reading a file of these sections says; `change` may falsify its header, which is right for `one_read` and `page_0`.
    std::string error_of_sections(const std::vector<Section>& sections, const std::function<void(Header&)>& change = {}) {
        Header header;
        header.accesses = header.instructions = header.pages = 1;
        header.blocks = static_cast<std::uint32_t>(sections.size() - 1);
        const std::size_t start = Header::bytes_with(0);
        Bytes body;
        for (const Section& section : sections) {
            header.pages_position = start + body.size();
            const Bytes frame = zstd_frame(section.plain);
            SectionHeader section_header;
            section_header.number = static_cast<std::uint32_t>(&section - sections.data());
            section_header.entries = section.entries;
            section_header.plain_bytes = static_cast<std::uint32_t>(section.plain.size());
            section_header.stored_bytes = static_cast<std::uint32_t>(frame.size());
            if (section.change) section.change(section_header);
            section_header.checksum = section_header.checksum_of(frame);
            const auto encoded = section_header.encode();
            body.insert(body.end(), encoded.begin(), encoded.end());
            body.insert(body.end(), frame.begin(), frame.end());
        }
        header.file_bytes = start + body.size();
        if (change) change(header);
        Bytes file = header.encode();
        file.insert(file.end(), body.begin(), body.end());
        write_bytes(path("crafted.trace"), std::string(file.begin(), file.end()));
        const std::string error = error_of(path("crafted.trace"));
        EXPECT_THAT(error, testing::AnyOf("", StartsWith(path("crafted.trace") + ": byte ")));
        return error;
    }
};

TEST_F(TraceCrafted, IsReadWhereItIsRight) { EXPECT_EQ(error_of_sections({one_read, page_0}), ""); }

TEST_F(TraceCrafted, AccessesThatAreNone) {
    EXPECT_THAT(error_of_sections({{{7, 0}, 1}, page_0}), HasSubstr("an access of 128 bytes"));
    EXPECT_THAT(error_of_sections({{{read_of_8, 1}, 1}, page_0}), HasSubstr("an access of 8 bytes at 0xffffffffffffffff"));
    EXPECT_THAT(error_of_sections({{{0xf3, 0xf1, 0xff, 0xff, 0xff, 0x0f, 0}, 1}, page_0}), HasSubstr("an instruction count of more than 32 bits"));
}

TEST_F(TraceCrafted, NumbersThatAreNone) {
    const Bytes eleven_bytes = {read_of_8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};
    const Bytes bit_64 = {read_of_8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2};
    EXPECT_THAT(error_of_sections({{eleven_bytes, 1}, page_0}), HasSubstr("a number of more than 64 bits"));
    EXPECT_THAT(error_of_sections({{bit_64, 1}, page_0}), HasSubstr("a number of more than 64 bits"));
}

TEST_F(TraceCrafted, BlocksThatHoldMoreOrLess) {
    EXPECT_THAT(error_of_sections({{{read_of_8}, 1}, page_0}), HasSubstr("ends within an entry"));
    EXPECT_THAT(error_of_sections({{{read_of_8, 0x80}, 1}, page_0}), HasSubstr("ends within an entry"));
    EXPECT_THAT(error_of_sections({{{read_of_8, 0}, 3}, page_0}), HasSubstr("ends within the kinds"));
    EXPECT_THAT(error_of_sections({{{read_of_8, 0, 0}, 1}, page_0}), HasSubstr("beyond its last entry"));
    EXPECT_THAT(error_of_sections({{{}, 0}, page_0}), HasSubstr("a block without accesses"));
}

TEST_F(TraceCrafted, SizesThatWouldTakeMuchMemory) {
    const auto with = [](const std::function<void(SectionHeader&)>& change) {
        Section section = one_read;
        section.change = change;
        return section;
    };
    EXPECT_THAT(error_of_sections({with([](SectionHeader& h) { h.entries = 65537; }), page_0}),
                HasSubstr("a section of 65537 entries (accepted: at most 65536)"));
    EXPECT_THAT(error_of_sections({with([](SectionHeader& h) { h.plain_bytes = 0xffffffff; }), page_0}),
                HasSubstr("1 entries of together 4294967295 bytes"));
    EXPECT_THAT(error_of_sections({with([](SectionHeader& h) { h.stored_bytes = 0xffffffff; }), page_0}),
                HasSubstr("a section of 4294967295 stored bytes"));
    EXPECT_THAT(error_of_sections({with([](SectionHeader& h) { h.stored_bytes = 1000; }), page_0}), HasSubstr("more than follow"));
    EXPECT_THAT(error_of_sections({with([](SectionHeader& h) { h.plain_bytes = 1; }), page_0}), HasSubstr("cannot be decompressed"));
    EXPECT_THAT(error_of_sections({with([](SectionHeader& h) { h.plain_bytes = 3; }), page_0}), HasSubstr("a section of 2 bytes instead of 3"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.pages = 1u << 23; }), HasSubstr("8388608 pages (accepted: at most 4194304)"));
}

TEST_F(TraceCrafted, SectionsOutOfPlace) {
    Section wrong_number = one_read;
    wrong_number.change = [](SectionHeader& h) { h.number = 1; };
    EXPECT_THAT(error_of_sections({wrong_number, page_0}), HasSubstr("section 1 (accepted: section 0)"));
    EXPECT_THAT(error_of_sections({one_read, page_0, page_0}, [](Header& h) { h.blocks = 1; }), HasSubstr("section 2 (accepted: section 1)"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.pages_position++; }), HasSubstr(": byte 116: "));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.pages_position = 0; }), HasSubstr("a list of pages at byte 0"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.pages_position = ~std::uint64_t{0}; }), HasSubstr("ends too early"));
    Section second = page_0;
    second.change = [](SectionHeader& h) { h.number = 1; };
    EXPECT_THAT(error_of_sections({one_read, one_read, second}, [](Header& h) { h.blocks = 1; }), HasSubstr("the blocks end here"));
}

TEST_F(TraceCrafted, TotalsThatAreWrong) {
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.accesses = 2; }),
                HasSubstr("1 accesses, 0 writes, 1 instructions (accepted: 2, 0, 1,"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.writes = 1; }), HasSubstr("as the header says"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.instructions = 2; }), HasSubstr("as the header says"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.writes = 2; }), HasSubstr("2 writes of 1 accesses"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.pages = 2; }),
                HasSubstr("a list of 1 pages (accepted: 2, as the header says)"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.file_bytes--; }), HasSubstr("goes on behind its end"));
    EXPECT_THAT(error_of_sections({one_read, page_0}, [](Header& h) { h.file_bytes++; }), HasSubstr("ends too early"));
}

TEST_F(TraceCrafted, PagesThatAreNone) {
    EXPECT_THAT(error_of_sections({one_read, {{1}, 1}}), HasSubstr("an access to page 0x0 (accepted: the pages of the list)"));
    EXPECT_THAT(error_of_sections({one_read, {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08}, 1}}),
                HasSubstr("a page beyond the end of the address space"));
    EXPECT_THAT(error_of_sections({one_read, {{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07}, 2}}, [](Header& h) { h.pages = 2; }),
                HasSubstr("a page beyond the end of the address space"));
}

TEST_F(TraceCrafted, CommandsThatAreNoLine) {
    // A terminal's control sequences would act when the command is shown.
    EXPECT_FALSE(trace_format::is_command("\x1b[2J"));
    EXPECT_FALSE(trace_format::is_command(std::string(trace_format::max_command_bytes + 1, 'x')));
    EXPECT_THROW(TraceWriter(path("a.trace"), "two\nlines"), InputError);
    EXPECT_THAT(files(), testing::IsEmpty());
}

}  // namespace
}  // namespace coffer
