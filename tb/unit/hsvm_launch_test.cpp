// launch and attest: an image comes into a new VM once, and the chip says so.
#include <gtest/gtest.h>

#include <set>

#include "unit/hsvm_bench.h"
#include "unit/hsvm_machine.h"
#include "vcpu/context_page.h"

namespace coffer {
namespace {

using Access = HsvmMachine::Access;
constexpr HsvmCaller host = HsvmCaller::host, guest = HsvmCaller::guest;

class HsvmLaunch : public testing::TestWithParam<bool> {
protected:
    static HsvmMachineSettings settings() {
        HsvmMachineSettings s;
        s.encrypt = GetParam();
        return s;
    }
    VmArguments arguments() const { return {100, 2, GetParam() ? 20 * page_bytes : 0}; }
    /// A VM with pages 5, 6 and 7, and that of its first context.
    Vmid create(const VmArguments& a) {
        Vmid vmid = 0;
        EXPECT_EQ(m.hsvm.create(host, a, vmid), HsvmStatus::ok);
        for (const Gpn gpn : {5, 6, 7}) EXPECT_EQ(m.hsvm.page_map(host, vmid, gpn, next_frame_++), HsvmStatus::ok);
        if (GetParam()) {
            EXPECT_EQ(m.hsvm.page_map(host, vmid, page_of(a.addr_shim) + 1, next_frame_++), HsvmStatus::ok);
        }
        return vmid;
    }
    Vmid create() { return create(arguments()); }
    static Bytes image(std::size_t size) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
        return bytes;
    }
    static VcpuContext registers() {
        VcpuContext context;
        context[Register::rip] = 0x5000;
        context.extended[3] = 9;
        return context;
    }
    Bytes page(Vmid vmid, Gpn gpn) {
        Bytes bytes;
        for (Address at = 0; at < page_bytes; at += line_bytes) {
            Block64 line{};
            EXPECT_EQ(m.guest_read(vmid, gpn * page_bytes + at, line), Access::done);
            bytes.insert(bytes.end(), line.begin(), line.end());
        }
        return bytes;
    }

    HsvmMachine m{settings()};
    std::uint64_t next_frame_ = 30;
};
INSTANTIATE_TEST_SUITE_P(Hsvm, HsvmLaunch, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Combined, HsvmLaunch, testing::Values(true));

TEST_P(HsvmLaunch, TheVmHasImageAndRegistersAndNothingElse) {
    const Vmid vmid = create();
    const Bytes bytes = image(page_bytes + 100);
    ASSERT_EQ(m.hsvm.launch(host, vmid, 5, bytes, registers()), HsvmStatus::ok);
    EXPECT_EQ(page(vmid, 5), Bytes(bytes.begin(), bytes.begin() + page_bytes));
    Bytes second(bytes.begin() + page_bytes, bytes.end());
    second.resize(page_bytes);
    EXPECT_EQ(page(vmid, 6), second);
    EXPECT_EQ(page(vmid, 7), Bytes(page_bytes));
    VcpuContext restored;
    ASSERT_EQ(m.hsvm.context_restore(host, vmid, 0, 0, restored), HsvmStatus::ok);
    EXPECT_EQ(restored, registers());
    if (!GetParam()) return;
    Block64 line{};
    ASSERT_EQ(m.guest_read(vmid, 21 * page_bytes, line), Access::done);
    const std::optional<ContextHeader> header = decode_header(line);
    ASSERT_TRUE(header) << "VM-Shim can start from it";
    EXPECT_EQ(header->state, ContextState::stopped);
    EXPECT_FALSE(header->event);
}

TEST_P(HsvmLaunch, AVmIsLaunchedOnceAndBeforeItRuns) {
    const Vmid vmid = create();
    const Bytes bytes = image(100);
    ASSERT_EQ(m.hsvm.launch(host, vmid, 5, bytes, registers()), HsvmStatus::ok);
    const crypto::Digest measured = m.hsvm.measurement(vmid);
    EXPECT_EQ(m.hsvm.launch(host, vmid, 6, bytes, registers()), HsvmStatus::not_fresh);
    EXPECT_EQ(m.hsvm.measurement(vmid), measured);

    const Vmid other = create();
    VcpuContext context;
    ASSERT_EQ(m.hsvm.context_restore(host, other, 0, 0, context), HsvmStatus::ok);
    EXPECT_EQ(m.hsvm.launch(host, other, 5, bytes, registers()), HsvmStatus::not_fresh);
    ASSERT_EQ(m.hsvm.context_save(host, other, 0, 0, context), HsvmStatus::ok);
    EXPECT_EQ(m.hsvm.launch(host, other, 5, bytes, registers()), HsvmStatus::not_fresh);
    EXPECT_EQ(m.hsvm.measurement(other), crypto::Digest{});

    ASSERT_EQ(m.hsvm.delete_vm(host, vmid), HsvmStatus::ok);
    EXPECT_EQ(create(), vmid) << "the VMID comes again";
    EXPECT_EQ(m.hsvm.measurement(vmid), crypto::Digest{});
    EXPECT_EQ(m.hsvm.launch(host, vmid, 5, bytes, registers()), HsvmStatus::ok);
    EXPECT_EQ(m.hsvm.measurement(vmid), measured) << "the same VM again";
}

TEST_P(HsvmLaunch, TheMeasurementKnowsImagePlaceRegistersAndVm) {
    std::set<crypto::Digest> measurements;
    const auto measure = [&](const VmArguments& a, Gpn first, const Bytes& bytes, const VcpuContext& context) {
        const Vmid vmid = create(a);
        EXPECT_EQ(m.hsvm.launch(host, vmid, first, bytes, context), HsvmStatus::ok);
        EXPECT_TRUE(measurements.insert(m.hsvm.measurement(vmid)).second);
        EXPECT_EQ(m.hsvm.delete_vm(host, vmid), HsvmStatus::ok);
    };
    const VmArguments a = arguments();
    Bytes other_image = image(100);
    other_image[99] ^= 1;
    VcpuContext other_registers = registers();
    other_registers.extended[831] = 1;
    measure(a, 5, image(100), registers());
    measure(a, 5, other_image, registers());
    measure(a, 5, image(101), registers());
    measure(a, 6, image(100), registers());
    measure(a, 5, image(100), other_registers);
    measure({101, a.vcpus, a.addr_shim}, 5, image(100), registers());
    measure({a.pages, 1, a.addr_shim}, 5, image(100), registers());
    if (GetParam()) measure({a.pages, a.vcpus, 30 * page_bytes}, 5, image(100), registers());
}

TEST_P(HsvmLaunch, TheMeasurementIsThatOfTheFormats) {
    const Vmid vmid = create();
    ASSERT_EQ(m.hsvm.launch(host, vmid, 5, Bytes{1, 2, 3}, registers()), HsvmStatus::ok);
    EXPECT_EQ(to_hex(m.hsvm.measurement(vmid)), GetParam() ? "d8044c21c11f08f65655acc7f46bf2143f19208106fd2a4f48ac8430979e733b"
                                                        : "0b1d4b538a9d8605f7105ab1ac944f1cf33b4bdb522bc8a06b3eabaf6c428404");
}

TEST_P(HsvmLaunch, AReportHasIdentityMeasurementNonceAndData) {
    const Vmid vmid = create(), other = create();
    ASSERT_EQ(m.hsvm.launch(host, vmid, 5, image(100), registers()), HsvmStatus::ok);
    Nonce nonce{1, 2, 3};
    ReportData data{4, 5, 6};
    Bytes report, again, of_other;
    ASSERT_EQ(m.hsvm.attest(guest, vmid, nonce, data, report), HsvmStatus::ok);
    ASSERT_EQ(m.hsvm.attest(HsvmCaller::shim, vmid, nonce, data, again), HsvmStatus::ok);
    ASSERT_EQ(m.hsvm.attest(guest, other, nonce, data, of_other), HsvmStatus::ok);
    EXPECT_EQ(report, again);
    const crypto::VerifyKey key = crypto::VerifyKey::from_der(test_chip(1).attest_key().public_der());
    AttestationReport opened, opened_other;
    ASSERT_EQ(open_report(report, key, opened), ReportStatus::ok);
    ASSERT_EQ(open_report(of_other, key, opened_other), ReportStatus::ok);
    EXPECT_EQ(opened.measurement, m.hsvm.measurement(vmid));
    EXPECT_EQ(opened.nonce, nonce);
    EXPECT_EQ(opened.data, data);
    EXPECT_EQ(opened.boots, 0u);
    EXPECT_EQ(opened.chip, 1u);
    EXPECT_NE(opened_other.identity, opened.identity);
    EXPECT_EQ(opened_other.measurement, crypto::Digest{}) << "not launched";
    EXPECT_EQ(m.hsvm.attest(host, vmid, nonce, data, report), HsvmStatus::wrong_mode);
}

TEST(HsvmLaunchFailures, ALaunchThatMeetsAViolationIsNotRepeated) {
    HsvmBench bench({true, OnViolation::report});
    Vmid vmid = 0;
    ASSERT_EQ(bench.hsvm.create(host, {100, 1, 20 * page_bytes}, vmid), HsvmStatus::ok);
    for (const Gpn gpn : {5, 6, 21}) ASSERT_EQ(bench.hsvm.page_map(host, vmid, gpn, gpn), HsvmStatus::ok);
    (void)bench.memory.flush(vmid);
    bench.memory.settle_page(vmid, 6 * page_bytes, 6 * page_bytes);
    bench.store.flip(bench.memory.map().counter_of(6 * page_bytes), 1);
    EXPECT_EQ(bench.hsvm.launch(host, vmid, 5, Bytes(2 * page_bytes, 1), {}), HsvmStatus::violated);
    bench.store.flip(bench.memory.map().counter_of(6 * page_bytes), 1);
    EXPECT_EQ(bench.hsvm.launch(host, vmid, 5, Bytes(1, 2), {}), HsvmStatus::not_fresh) << "what the first one left is not measured";
    EXPECT_EQ(bench.hsvm.measurement(vmid), crypto::Digest{});
}

TEST(HsvmLaunchFailures, AChipWithoutKeysAttestsNothing) {
    HsvmBench bench({true, OnViolation::freeze});
    Vmid vmid = 0;
    ASSERT_EQ(bench.hsvm.create(host, {100, 1, 20 * page_bytes}, vmid), HsvmStatus::ok);
    Bytes report;
    EXPECT_EQ(bench.hsvm.attest(guest, vmid, {}, {}, report), HsvmStatus::no_keys);
    EXPECT_TRUE(report.empty());
}

}  // namespace
}  // namespace coffer
