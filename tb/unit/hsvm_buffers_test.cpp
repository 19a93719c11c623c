// Lengths that a caller makes up: the controller reads no more of a buffer than its operation can mean, and nothing where another row answers.

#include <gtest/gtest.h>

#include "unit/commanded_machine.h"
#include "vm_table/chip_certificate.h"

namespace coffer {
namespace {

using Register = CommandedMachine::Register;

constexpr std::uint64_t pages = 100;
constexpr Address buffer = CommandedMachine::endless_memory;
/// Lengths of buffers that lie in the host's endless memory.
constexpr std::uint64_t lengths[] = {pages * page_bytes + 1, std::uint64_t{1} << 36, std::uint64_t{1} << 47, ~std::uint64_t{0} - buffer + 1};

class HsvmBuffers : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        const Address shim = GetParam() ? 40 * page_bytes : 0;
        ASSERT_EQ(machine.hsvm.create(HsvmCaller::host, {pages, 1, shim}, vmid), HsvmStatus::ok);
        for (Gpn gpn = 0; gpn < 60; ++gpn) ASSERT_EQ(machine.hsvm.page_map(HsvmCaller::host, vmid, gpn, 100 + gpn), HsvmStatus::ok);
    }
    HsvmStatus ask(HsvmOperation operation, const CommandedMachine::Arguments& arguments) {
        registers.set({}, {{Register::vmid, vmid}, {Register::buffer_address, buffer}, {Register::second_address, buffer}});
        registers.set({}, arguments);
        return static_cast<HsvmStatus>(registers.start({}, static_cast<std::uint64_t>(operation)));
    }
    HsvmStatus launch(std::uint64_t image, std::uint64_t context) {
        return ask(HsvmOperation::launch, {{Register::buffer_length, image}, {Register::second_length, context}});
    }

    HsvmMachine machine{{GetParam()}};
    CommandedMachine registers{machine, 4};
    Vmid vmid = 0;
};
INSTANTIATE_TEST_SUITE_P(Hsvm, HsvmBuffers, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Combined, HsvmBuffers, testing::Values(true));

TEST_P(HsvmBuffers, AnImageHasNoMoreThanItsVmsPages) {
    for (const std::uint64_t length : lengths) {
        EXPECT_EQ(launch(length, context_bytes), HsvmStatus::page_beyond);
        EXPECT_EQ(registers.bytes_moved, 0u) << length;
    }
    EXPECT_EQ(launch(60 * page_bytes + 1, context_bytes), HsvmStatus::page_empty);
    EXPECT_EQ(registers.bytes_moved, 0u);
    EXPECT_EQ(launch(60 * page_bytes, ~std::uint64_t{0}), HsvmStatus::ok);
    EXPECT_EQ(registers.bytes_moved, 60 * page_bytes + context_bytes);
}

TEST_P(HsvmBuffers, TheBeginningOfABlobSaysHowLongItMayBe) {
    for (const std::uint64_t length : lengths) {
        EXPECT_EQ(ask(HsvmOperation::import_vm, {{Register::buffer_length, length}}), HsvmStatus::not_authentic);
        EXPECT_EQ(registers.bytes_moved, VmBlob::fixed_bytes) << length;
    }
    HsvmMachineSettings there{GetParam()};
    there.chip = 2;
    HsvmMachine source(there);
    Vmid leaving = 0;
    Nonce nonce;
    ASSERT_EQ(machine.hsvm.challenge(HsvmCaller::host, nonce), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.create(HsvmCaller::host, {pages, 1, GetParam() ? 40 * page_bytes : 0}, leaving), HsvmStatus::ok);
    Bytes image;
    ASSERT_EQ(source.hsvm.page_map(HsvmCaller::host, leaving, 5, 10), HsvmStatus::ok);
    ASSERT_EQ(source.hsvm.swap_out(HsvmCaller::host, leaving, 5, image), HsvmStatus::ok);
    const SignedCertificate& certificate = test_chip(1).certificate(KeyUsage::unwrap);
    ASSERT_EQ(source.hsvm.export_vm(HsvmCaller::host, leaving, certificate, nonce, registers.endless_content), HsvmStatus::ok);
    const std::uint64_t whole = registers.endless_content.size();
    for (const std::uint64_t length : lengths) {
        EXPECT_EQ(ask(HsvmOperation::import_vm, {{Register::buffer_length, length}}), HsvmStatus::not_authentic);
        EXPECT_EQ(registers.bytes_moved, VmBlob::fixed_bytes) << length;
    }
    // Where its end cannot be read, a blob that is good so far is a bad buffer.
    const Address in_chip = machine.memory.map().chip_base() - whole + 1;
    machine.store.put(in_chip, {registers.endless_content.data(), whole - 1});
    EXPECT_EQ(ask(HsvmOperation::import_vm, {{Register::buffer_address, in_chip}, {Register::buffer_length, whole}}), HsvmStatus::bad_buffer);
    EXPECT_EQ(ask(HsvmOperation::import_vm, {{Register::buffer_length, whole}}), HsvmStatus::ok);
    // And one that is known not to be good is what its beginning says.
    EXPECT_EQ(ask(HsvmOperation::import_vm, {{Register::buffer_address, in_chip}, {Register::buffer_length, whole}}), HsvmStatus::refused);
}

TEST_P(HsvmBuffers, AnImageOfAPageAndACertificateHaveTheirSize) {
    Bytes image;
    ASSERT_EQ(machine.hsvm.swap_out(HsvmCaller::host, vmid, 5, image), HsvmStatus::ok);
    for (const std::uint64_t length : lengths) {
        const CommandedMachine::Arguments arguments{{Register::gpn, 5}, {Register::frame, 9}, {Register::buffer_length, length}};
        EXPECT_EQ(ask(HsvmOperation::swap_in, arguments), HsvmStatus::not_authentic);
        EXPECT_EQ(registers.bytes_moved, image.size() + 1) << length;
    }
    Vmid empty = 0;
    ASSERT_EQ(machine.hsvm.create(HsvmCaller::host, {pages, 1, GetParam() ? 40 * page_bytes : 0}, empty), HsvmStatus::ok);
    for (const std::uint64_t length : lengths) {
        EXPECT_EQ(ask(HsvmOperation::export_vm, {{Register::vmid, empty}, {Register::buffer_length, length}, {Register::second_length, length}}),
                  HsvmStatus::bad_target);
        EXPECT_EQ(registers.bytes_moved, chip_certificate_bytes + 1) << length;
    }
}

TEST(BytesSource, ReadsPageByPageAndNoFurtherThanItCan) {
    std::vector<std::pair<std::uint64_t, std::size_t>> reads;
    const BytesSource source(~std::uint64_t{0}, [&](std::uint64_t offset, std::uint8_t*, std::size_t size) {
        reads.emplace_back(offset, size);
        return offset < 2 * page_bytes;
    });
    EXPECT_FALSE(source.take(1, ~std::uint64_t{0} - 1));
    EXPECT_EQ(reads, (decltype(reads){{1, page_bytes}, {page_bytes + 1, page_bytes}, {2 * page_bytes + 1, page_bytes}}));
    reads.clear();
    EXPECT_EQ(source.take(5, 7)->size(), 7u);
    EXPECT_EQ(source.take(~std::uint64_t{0}, 0)->size(), 0u);
    EXPECT_EQ(reads, (decltype(reads){{5, 7}}));
    EXPECT_EQ(BytesSource(Bytes{1, 2, 3, 4}).size(), 4u);
    const Bytes at_hand{1, 2, 3, 4};
    EXPECT_EQ(BytesSource(at_hand).take(1, 2), (Bytes{2, 3}));
}

}  // namespace
}  // namespace coffer
