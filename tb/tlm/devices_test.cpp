#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>

#include "common/errors.h"
#include "devices/disk_tlm.h"
#include "devices/dma_engine_tlm.h"
#include "devices/file_store.h"
#include "memory/sparse_memory.h"
#include "tlm/page_walks.h"
#include "tlm/initiator_tester.h"
#include "tlm/memory_targets.h"
#include "tlm/protocol_checker.h"
#include "tlm/simulate.h"
#include "vcpu/host_mmu_tlm.h"

namespace coffer::test {
namespace {

namespace regs = devices_registers;
using Register = regs::Register;

const sc_core::sc_time access_time(10, sc_core::SC_NS);  // of the DRAM here

Bytes counting(std::size_t size, unsigned first = 1) {
    Bytes bytes(size);
    std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(first));
    return bytes;
}

/// A device behind an IOMMU and memory, and software that writes its registers.
template <class Device>
class DeviceTest : public testing::Test {
protected:
    template <class... Arguments>
    explicit DeviceTest(Address base, Arguments&&... arguments) : device("device", std::forward<Arguments>(arguments)...), base_(base) {
        software.initiator_socket.bind(device.target_socket);
        device_checker.bind_between(device.initiator_socket, iommu.target_socket);
        iommu.walk_socket.bind(walks.target_socket);
        checker.bind_between(iommu.initiator_socket, dram.target_socket);
    }

    void set(Register name, std::uint64_t value) { EXPECT_OK(software.write64(regs::entry(name).address - base_, value)); }
    std::uint64_t get(Register name) {
        std::uint64_t value = 0;
        EXPECT_OK(software.read64(regs::entry(name).address - base_, value));
        return value;
    }
    void await() { sc_core::wait(device.completed()); }
    void poke(Address address, const Bytes& bytes) { dram.memory().write(address, bytes.data(), bytes.size()); }
    Bytes peek(Address address, std::size_t size) {
        Bytes bytes(size);
        dram.memory().read(address, bytes.data(), size);
        return bytes;
    }

    InitiatorTester software{"software"};
    Device device;
    ProtocolChecker device_checker{"device_checker"};
    HostMmuTlm iommu{"iommu", {memory_size, Mode::device, {8, 2}}};
    PageWalks walks{"walks"};
    ProtocolChecker checker{"checker"};
    DramTlm dram = make_dram("dram");

private:
    const Address base_;
};

class DmaEngineTest : public DeviceTest<DmaEngineTlm> {
protected:
    DmaEngineTest() : DeviceTest(regs::dma_base) {}

    void start(Address source, Address destination, std::uint64_t length) {
        set(Register::dma_source, source);
        set(Register::dma_destination, destination);
        set(Register::dma_length, length);
        set(Register::dma_control, regs::dma_control_start_mask);
    }
    void copy(Address source, Address destination, std::uint64_t length) {
        start(source, destination, length);
        await();
    }
    std::uint64_t status() { return get(Register::dma_status); }
    static std::uint64_t status_of(DeviceState state, DeviceCause cause = DeviceCause::none, bool writing = false) {
        return static_cast<std::uint64_t>(state) | static_cast<std::uint64_t>(cause) << 8 | std::uint64_t{writing} << 16;
    }
};

TEST_F(DmaEngineTest, CopiesBytes) {
    poke(0x1ff0, counting(9000));
    simulate([&] {
        EXPECT_EQ(status(), status_of(DeviceState::idle));
        copy(0x1ff0, 0x8123, 9000);
        EXPECT_EQ(status(), status_of(DeviceState::done));
        EXPECT_EQ(get(Register::dma_copied), 9000u);
        EXPECT_EQ(get(Register::dma_error_address), 0u);
        EXPECT_EQ(peek(0x8123, 9000), counting(9000));
        EXPECT_TRUE(all_zero(peek(0x8122, 1)));
        EXPECT_TRUE(all_zero(peek(0x8123 + 9000, 1)));
        EXPECT_EQ(device.statistics().bytes_read, 9000u);
        EXPECT_EQ(device.statistics().bytes_written, 9000u);
    });
}

TEST_F(DmaEngineTest, TakesTheTimeOfItsAccesses) {
    walks.time = sc_core::SC_ZERO_TIME;
    simulate([&] {
        const sc_core::sc_time begin = sc_core::sc_time_stamp();
        start(0x1000, 0x3000, 2 * page_bytes);
        EXPECT_EQ(device.state(), DeviceState::busy);
        await();
        EXPECT_EQ(sc_core::sc_time_stamp() - begin, DmaEngineParameters{}.latency + DmaEngineParameters{}.setup_time + 4 * access_time) << "the last write of a register came late";
        EXPECT_EQ(device.state(), DeviceState::done);
    });
}

TEST_F(DmaEngineTest, RegistersStayWhileItIsBusy) {
    poke(0x1000, counting(64));
    simulate([&] {
        start(0x1000, 0x3000, 64);
        EXPECT_EQ(status(), status_of(DeviceState::busy));
        for (const Register name : {Register::dma_source, Register::dma_destination, Register::dma_length, Register::dma_control})
            EXPECT_EQ(software.write64(regs::entry(name).address, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        await();
        EXPECT_EQ(peek(0x3000, 64), counting(64));
        EXPECT_EQ(device.statistics().commands, 1u);
        EXPECT_EQ(get(Register::dma_source), 0x1000u);
        set(Register::dma_control, 0);
        EXPECT_EQ(status(), status_of(DeviceState::done)) << "no command";
    });
}

TEST_F(DmaEngineTest, PagesThatAreNotTheDevicesStayUnreadAndUnchanged) {
    poke(0x1000, counting(4 * page_bytes));
    walks.refuse(0x3000);
    walks.refuse(0x9000);
    walks.allow_reading(0xb000);
    simulate([&] {
        copy(0x3000, 0x6000, 16);
        EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::refused));
        EXPECT_EQ(get(Register::dma_error_address), 0x3000u);
        EXPECT_EQ(get(Register::dma_copied), 0u);
        EXPECT_TRUE(all_zero(peek(0x6000, 16)));

        copy(0x1800, 0x8800, 2 * page_bytes);
        EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::refused, true));
        EXPECT_EQ(get(Register::dma_error_address), 0x9000u);
        EXPECT_EQ(get(Register::dma_copied), 0x800u);
        EXPECT_EQ(peek(0x8800, 0x800), peek(0x1800, 0x800)) << "what was before it is there";
        EXPECT_TRUE(all_zero(peek(0x9000, page_bytes)));

        copy(0x1000, 0xb000, 16);
        EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::refused, true));
        copy(0xb000, 0x1000, 16);
        EXPECT_EQ(status(), status_of(DeviceState::done)) << "the next command starts afresh";
        EXPECT_EQ(get(Register::dma_error_address), 0u);
        EXPECT_EQ(device.statistics().commands, 4u);
        EXPECT_EQ(device.statistics().failed, 3u);
        EXPECT_EQ(device.statistics().refused, 3u);
    });
}

TEST_F(DmaEngineTest, APageThatIsTakenAwayMeanwhile) {
    poke(0x1000, counting(3 * page_bytes));
    simulate([&] {
        start(0x1000, 0x6000, 3 * page_bytes);
        sc_core::wait(DmaEngineParameters{}.setup_time + DmaEngineParameters{}.latency + 2 * walks.time + access_time);
        walks.refuse(0x7000);
        iommu.invalidate_frames(7, 1);
        await();
        EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::refused, true));
        EXPECT_EQ(get(Register::dma_copied), page_bytes);
        EXPECT_TRUE(all_zero(peek(0x7000, page_bytes)));
    });
}

TEST_F(DmaEngineTest, CommandsThatMakeNoSense) {
    simulate([&] {
        constexpr std::uint64_t end = ~std::uint64_t{0};
        const std::uint64_t commands[][3] = {{0x1000, 0x2000, 0}, {end, 0x2000, 2}, {0x1000, end - 6, 8}, {0x1000, 0x2000, end}};
        for (const auto& [source, destination, length] : commands) {
            copy(source, destination, length);
            EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::bad_command)) << source << ' ' << destination << ' ' << length;
        }
        EXPECT_EQ(device.statistics().bytes_read, 0u);
        copy(end, 0x1000, 1);
        EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::refused)) << "there is no memory, but the command is one";
        EXPECT_EQ(get(Register::dma_error_address), end);
        copy(memory_size - 8, 0x1000, 16);
        EXPECT_EQ(get(Register::dma_copied), 8u);
    });
}

TEST_F(DmaEngineTest, OtherErrorsOfMemory) {
    walks.response = tlm::TLM_GENERIC_ERROR_RESPONSE;
    simulate([&] {
        copy(0x1000, 0x2000, 16);
        EXPECT_EQ(status(), status_of(DeviceState::failed, DeviceCause::memory_error));
        EXPECT_EQ(device.statistics().refused, 0u);
    });
}

TEST_F(DmaEngineTest, AccessesToRegisters) {
    simulate([&] {
        std::uint64_t value = 0;
        std::uint8_t byte = 0;
        EXPECT_EQ(software.read64(regs::entry(Register::dma_control).address, value), tlm::TLM_COMMAND_ERROR_RESPONSE);
        EXPECT_EQ(software.write64(regs::entry(Register::dma_status).address, 0), tlm::TLM_COMMAND_ERROR_RESPONSE);
        EXPECT_EQ(software.write64(regs::entry(Register::dma_copied).address + 8, 0), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(software.write64(regs::disk_base, 0), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "another device's";
        EXPECT_EQ(software.write(0, &byte, 1), tlm::TLM_BURST_ERROR_RESPONSE);
        set(Register::dma_source, 0x1122334455667788);
        EXPECT_OK(software.read(1, &byte, 1));
        EXPECT_EQ(byte, 0x77);
        EXPECT_EQ(software.last_delay(), DmaEngineParameters{}.latency);
        EXPECT_EQ(software.debug_read(2, &byte, 1), 1u);
        EXPECT_EQ(byte, 0x66);
        EXPECT_EQ(software.debug_write(0, &byte, 1), 0u);
        EXPECT_EQ(software.debug_read(regs::entry(Register::dma_control).address, &byte, 1), 0u);
        EXPECT_FALSE(software.request_dmi(0));
    });
}

TEST_F(DmaEngineTest, Statistics) {
    simulate([&] {
        copy(0x1000, 0x2000, 100);
        StatisticsGroup group("dma");
        device.collect(group);
        ASSERT_EQ(group.values().size(), 5u);
        EXPECT_EQ(group.values()[4].name, "bytes_written");
        EXPECT_EQ(std::get<std::uint64_t>(group.values()[4].value), 100u);
    });
}

TEST_F(DmaEngineTest, RandomCopiesEqualThoseOfACopyByBursts) {
    std::mt19937_64 random(1);
    Bytes model(memory_size);
    for (std::uint8_t& byte : model) byte = static_cast<std::uint8_t>(random());
    poke(0, model);
    simulate([&] {
        for (int i = 0; i < 200; ++i) {
            static constexpr std::uint64_t lengths[] = {1, 64, 100, page_bytes, 5000, 20000};
            const std::uint64_t length = lengths[random() % std::size(lengths)];
            const Address source = random() % (memory_size - length);
            const Address destination = random() % (memory_size - length);
            copy(source, destination, length);
            for (std::uint64_t done = 0; done != length;) {
                const std::uint64_t burst = std::min({length - done, page_bytes - (source + done) % page_bytes, page_bytes - (destination + done) % page_bytes});
                std::memmove(&model[destination + done], &model[source + done], burst);
                done += burst;
            }
            ASSERT_EQ(status(), status_of(DeviceState::done));
            ASSERT_TRUE(peek(0, memory_size) == model) << i;
        }
    });
}

constexpr std::uint64_t disk_sectors = 8;

struct DiskMedium {
    SparseMemory medium;
};

class DiskTest : private DiskMedium, public DeviceTest<DiskTlm> {
protected:
    DiskTest() : DeviceTest(regs::disk_base, DiskParameters{disk_sectors, DiskParameters{}.latency, DiskParameters{}.access_time}, medium) {}

    void transfer(std::uint64_t sector, Address buffer, bool write) {
        set(Register::disk_sector, sector);
        set(Register::disk_buffer, buffer);
        set(Register::disk_control, regs::disk_control_start_mask | (write ? regs::disk_control_write_mask : 0));
        await();
    }
    DeviceCause cause() {
        const std::uint64_t status = get(Register::disk_status);
        EXPECT_EQ((status & regs::disk_status_state_mask) == static_cast<std::uint64_t>(DeviceState::done), device.cause() == DeviceCause::none);
        return static_cast<DeviceCause>((status & regs::disk_status_cause_mask) >> regs::disk_status_cause_shift);
    }
    Bytes sector_bytes(std::uint64_t sector) {
        Bytes bytes(DiskTlm::sector_bytes);
        device.medium().read(sector * DiskTlm::sector_bytes, bytes.data(), bytes.size());
        return bytes;
    }
};

TEST_F(DiskTest, SectorsGoBothWays) {
    poke(0x3000, counting(page_bytes));
    simulate([&] {
        EXPECT_EQ(get(Register::disk_sectors), disk_sectors);
        transfer(5, 0x3000, true);
        EXPECT_EQ(cause(), DeviceCause::none);
        EXPECT_EQ(sector_bytes(5), counting(page_bytes));
        transfer(5, 0x6010, false);
        EXPECT_EQ(peek(0x6010, page_bytes), counting(page_bytes));
        transfer(4, 0x6010, false);
        EXPECT_TRUE(all_zero(peek(0x6010, page_bytes)));
        EXPECT_EQ(device.statistics().bytes_read, page_bytes);
        EXPECT_EQ(device.statistics().bytes_written, 2 * page_bytes);
    });
}

TEST_F(DiskTest, ItsBytesAreTheAdversarys) {
    simulate([&] {
        const std::uint8_t byte = 0xaa;
        device.medium().write(2 * DiskTlm::sector_bytes + 7, &byte, 1);
        transfer(2, 0x3000, false);
        EXPECT_EQ(peek(0x3007, 1), Bytes{0xaa});
    });
}

TEST_F(DiskTest, TakesTimeOnceForASector) {
    walks.time = sc_core::SC_ZERO_TIME;
    simulate([&] {
        const sc_core::sc_time begin = sc_core::sc_time_stamp();
        transfer(0, 0x3000, false);
        EXPECT_EQ(sc_core::sc_time_stamp() - begin, DiskParameters{}.latency + DiskParameters{}.access_time + access_time);
    });
}

TEST_F(DiskTest, ARefusedBufferChangesNothing) {
    poke(0x3000, counting(page_bytes));
    walks.refuse(0x4000);
    simulate([&] {
        transfer(1, 0x3800, true);
        EXPECT_EQ(cause(), DeviceCause::refused);
        EXPECT_EQ(get(Register::disk_error_address), 0x3800u);
        EXPECT_TRUE(all_zero(sector_bytes(1))) << "no half of a sector";
        transfer(1, 0x3800, false);
        EXPECT_EQ(cause(), DeviceCause::refused);
        EXPECT_NE(get(Register::disk_status) & regs::disk_status_writing_mask, 0u);
        EXPECT_EQ(peek(0x3000, page_bytes), counting(page_bytes)) << "nor of a buffer";
    });
}

TEST_F(DiskTest, CommandsThatMakeNoSense) {
    simulate([&] {
        transfer(disk_sectors, 0x3000, true);
        EXPECT_EQ(cause(), DeviceCause::bad_command);
        transfer(~std::uint64_t{0}, 0x3000, false);
        EXPECT_EQ(cause(), DeviceCause::bad_command);
        transfer(0, ~Address{0} - 100, false);
        EXPECT_EQ(cause(), DeviceCause::bad_command);
        transfer(disk_sectors - 1, 0x3000, false);
        EXPECT_EQ(cause(), DeviceCause::none);
    });
}

TEST(Disk, SizesThatCannotBe) {
    SparseMemory medium;
    DiskParameters parameters;
    EXPECT_THROW(DiskTlm("none", parameters, medium), InputError);
    parameters.sectors = (std::uint64_t{1} << 51) + 1;
    EXPECT_THROW(DiskTlm("many", parameters, medium), InputError);
}

class ImageFile : public testing::Test {
protected:
    ~ImageFile() override { std::filesystem::remove(path_); }
    const std::string path_ = (std::filesystem::temp_directory_path() / ("coffer_image_" + std::to_string(getpid()))).string();
};

TEST_F(ImageFile, KeepsTheBytesOfADisk) {
    std::ofstream(path_, std::ios::binary) << "abc";
    Bytes bytes(6, 0xff);
    {
        FileStore store(path_);
        store.read(1, bytes.data(), bytes.size());
        EXPECT_EQ(bytes, (Bytes{'b', 'c', 0, 0, 0, 0}));
        store.read(9000, bytes.data(), bytes.size());
        EXPECT_TRUE(all_zero(bytes));
        store.write(8192, counting(6).data(), 6);
        store.read(8190, bytes.data(), bytes.size());
        EXPECT_EQ(bytes, (Bytes{0, 0, 1, 2, 3, 4}));
        std::fstream(path_, std::ios::binary | std::ios::in | std::ios::out).seekp(8192) << 'x';
        store.read(8190, bytes.data(), bytes.size());
        EXPECT_EQ(bytes[2], 'x') << "whoever changes the file changes the disk";
    }
    FileStore(path_).read(8193, bytes.data(), 5);
    EXPECT_EQ(bytes[0], 2);
    EXPECT_EQ(std::filesystem::file_size(path_), 8198u);
}

TEST_F(ImageFile, MustBeThere) {
    EXPECT_THROW(FileStore{path_}, InputError);
    EXPECT_THROW(FileStore{std::filesystem::temp_directory_path().string()}, InputError);
}

}  // namespace
}  // namespace coffer::test
