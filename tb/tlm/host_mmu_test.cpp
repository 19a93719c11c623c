#include "vcpu/host_mmu_tlm.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>

#include "common/errors.h"
#include "common/tlm_target.h"
#include "memory/sparse_memory.h"
#include "tlm/page_walks.h"
#include "tlm/initiator_tester.h"
#include "tlm/memory_targets.h"
#include "tlm/protocol_checker.h"
#include "tlm/simulate.h"

namespace coffer::test {
namespace {

HostMmuParameters parameters(Mode mode = Mode::host) {
    HostMmuParameters p;
    p.memory_size = memory_size;
    p.mode = mode;
    p.tlb = {8, 2};
    return p;
}

class HostMmuTest : public testing::TestWithParam<Mode> {
protected:
    struct Seen {
        Vmid vmid;
        Mode mode;
        Address address;
        unsigned size;
        bool raw;
    };

    HostMmuTest() {
        initiator.initiator_socket.bind(mmu.target_socket);
        walk_checker.bind_between(mmu.walk_socket, walks.target_socket);
        checker.bind_between(mmu.initiator_socket, below.target_socket);
        below.on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
            note(payload);
            for_each_run(payload, [&](Address address, std::uint8_t* data, unsigned size) {
                payload.is_write() ? memory.write(address, data, size) : memory.read(address, data, size);
                return true;
            });
            payload.set_response_status(answer);
            if (after_access) after_access();
        };
        below.on_debug = [this](tlm::tlm_generic_payload& payload) {
            note(payload);
            return payload.get_data_length();
        };
        below.on_dmi = [this](tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
            EXPECT_NE(payload.get_extension<SecurityContext>(), nullptr);
            dmi.set_dmi_ptr(direct);
            dmi.set_start_address(0);
            dmi.set_end_address(memory_size - 1);
            dmi.allow_read_write();
            return true;
        };
    }
    void note(tlm::tlm_generic_payload& payload) {
        const auto* context = payload.get_extension<SecurityContext>();
        ASSERT_NE(context, nullptr);
        seen.push_back({context->vmid, context->mode, payload.get_address(), payload.get_data_length(), context->raw});
    }
    Bytes bytes_at(Address address, std::size_t size) {
        Bytes bytes(size);
        memory.read(address, bytes.data(), size);
        return bytes;
    }

    InitiatorTester initiator{"initiator"};
    HostMmuTlm mmu{"mmu", parameters(GetParam())};
    PageWalks walks{"walks"};
    ProtocolChecker walk_checker{"walk_checker"};
    ProtocolChecker checker{"checker"};
    ScriptedTarget below{"below"};
    SparseMemory memory;
    std::vector<Seen> seen;
    tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
    std::function<void()> after_access;
    unsigned char direct[memory_size] = {};
};

INSTANTIATE_TEST_SUITE_P(Modes, HostMmuTest, testing::Values(Mode::host, Mode::device),
                         [](const auto& mode) { return std::string(mode.param == Mode::host ? "Host" : "Device"); });

TEST_P(HostMmuTest, ChecksAPageOnceAndSaysWhoItIs) {
    simulate([&] {
        std::uint64_t value = 0;
        EXPECT_OK(initiator.write64(0x3010, 5));
        EXPECT_EQ(initiator.last_delay(), walks.time);
        EXPECT_OK(initiator.read64(0x3010, value));
        EXPECT_EQ(initiator.last_delay(), sc_core::SC_ZERO_TIME);
        EXPECT_EQ(value, 5u);
        ASSERT_EQ(walks.walks.size(), 1u);
        EXPECT_EQ(walks.walks[0].page, 0x3000u);
        EXPECT_TRUE(walks.walks[0].write);
        EXPECT_EQ(walks.walks[0].mode, GetParam());
        ASSERT_EQ(seen.size(), 2u);
        EXPECT_EQ(seen[0].vmid, host_vmid);
        EXPECT_EQ(seen[0].mode, GetParam());
        EXPECT_EQ(seen[0].address, 0x3010u);
    });
}

TEST_P(HostMmuTest, ReplacesWhateverContextComesIn) {
    SecurityContext forged;
    forged.vmid = chip_vmid;
    forged.mode = Mode::chip;
    forged.raw = true;
    initiator.set_context(&forged);
    simulate([&] {
        std::uint8_t bytes[8] = {};
        EXPECT_OK(initiator.write64(0x10, 1));
        EXPECT_EQ(initiator.debug_read(0x10, bytes, 8), 8u);
        EXPECT_OK(initiator.write64(0xffc, 1));
        initiator.request_dmi(0x10);
        ASSERT_EQ(seen.size(), 4u);
        for (const Seen& access : seen) {
            EXPECT_EQ(access.vmid, host_vmid);
            EXPECT_EQ(access.mode, GetParam());
            EXPECT_FALSE(access.raw);
        }
        EXPECT_EQ(forged.vmid, chip_vmid);
    });
}

TEST_P(HostMmuTest, ARefusedPageIsAnAddressErrorEachTime) {
    walks.refuse(0x5000);
    simulate([&] {
        std::uint64_t value = 0;
        EXPECT_EQ(initiator.write64(0x5000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.read64(0x5008, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(walks.walks.size(), 2u) << "refusals are not kept";
        EXPECT_TRUE(seen.empty());
        EXPECT_EQ(mmu.statistics().refused, 2u);
        walks.give_back(0x5000);
        EXPECT_OK(initiator.write64(0x5000, 1));
    });
}

TEST_P(HostMmuTest, NoPageChangesWhereOneIsRefused) {
    walks.refuse(0x5000);
    simulate([&] {
        const Bytes before = bytes_at(0x3000, 3 * page_bytes);
        EXPECT_EQ(initiator.write(0x4ffc, Bytes(8, 0xff)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(0x3ffc, Bytes(page_bytes + 8, 0xff)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(0x5ffc, Bytes(8, 0xff)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(bytes_at(0x3000, 3 * page_bytes), before);
        EXPECT_TRUE(seen.empty());
        EXPECT_EQ(mmu.statistics().refused, 3u);
        EXPECT_OK(initiator.write(0x3ffc, Bytes(8, 0xff)));
        EXPECT_EQ(bytes_at(0x3ffc, 8), Bytes(8, 0xff));
        ASSERT_EQ(seen.size(), 2u);
        EXPECT_EQ(seen[1].address, 0x4000u);
    });
}

TEST_P(HostMmuTest, APageForReadingOnly) {
    walks.allow_reading(0x5000);
    simulate([&] {
        std::uint64_t value = 0;
        EXPECT_OK(initiator.read64(0x5000, value));
        EXPECT_EQ(initiator.write64(0x5000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write(0x4ffc, Bytes(8, 1)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_OK(initiator.read64(0x5000, value));
        EXPECT_EQ(value, 0u);
        EXPECT_TRUE(all_zero(bytes_at(0x4ff0, 16)));
        walks.give_back(0x5000);
        EXPECT_OK(initiator.write64(0x5000, 1)) << "what was good for reading only is asked for again";
    });
}

TEST_P(HostMmuTest, AChangeOfOwnerCountsFromTheNextAccess) {
    simulate([&] {
        for (Address page = 0x2000; page < 0x6000; page += page_bytes) EXPECT_OK(initiator.write64(page, 1));
        walks.refuse(0x3000);
        walks.refuse(0x4000);
        EXPECT_OK(initiator.write64(0x3000, 1)) << "nobody has said that anything changed";
        mmu.invalidate_pages(7, 3, 2);
        EXPECT_OK(initiator.write64(0x3000, 1)) << "guests' pages are something else";
        mmu.invalidate_frames(3, 2);
        EXPECT_EQ(initiator.write64(0x3000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write64(0x4000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        const std::size_t walked = walks.walks.size();
        EXPECT_OK(initiator.write64(0x2000, 1));
        EXPECT_OK(initiator.write64(0x5000, 1));
        EXPECT_EQ(walks.walks.size(), walked) << "their neighbours are still known";
        EXPECT_EQ(mmu.statistics().invalidated, 2u);
        mmu.invalidate_frames(0, ~std::uint64_t{0});
        mmu.invalidate_frames(5, 0);
        EXPECT_EQ(mmu.statistics().invalidated, 4u);
    });
}

TEST_P(HostMmuTest, AChangeDuringAWalkIsNotMissed) {
    simulate([&] {
        walks.after_answer = [&] {
            walks.after_answer = {};
            sc_core::wait(5, sc_core::SC_NS);
            walks.refuse(0x3000);
            mmu.invalidate_frames(3, 1);
        };
        EXPECT_EQ(initiator.write64(0x3000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(walks.walks.size(), 2u);
        EXPECT_OK(initiator.write64(0x4000, 1));
        walks.after_answer = [&] {
            walks.after_answer = {};
            walks.refuse(0x4000);
            mmu.invalidate_frames(4, 1);
        };
        EXPECT_EQ(initiator.write(0x4ffc, Bytes(8, 0xff)), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "the first page was known, and lost during the walk for the second";
        EXPECT_TRUE(all_zero(bytes_at(0x4ffc, 8)));
    });
}

TEST_P(HostMmuTest, AChangeBetweenThePiecesOfAnAccessStopsIt) {
    simulate([&] {
        after_access = [&] {
            after_access = {};
            walks.refuse(0x4000);
            mmu.invalidate_frames(4, 1);
        };
        EXPECT_EQ(initiator.write(0x3ffc, Bytes(8, 0xff)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_TRUE(all_zero(bytes_at(0x4000, 4))) << "it is the new owner's";
        EXPECT_EQ(seen.size(), 1u);
    });
}

TEST_P(HostMmuTest, WalksThatFail) {
    simulate([&] {
        walks.response = tlm::TLM_ADDRESS_ERROR_RESPONSE;
        EXPECT_EQ(initiator.write64(0x3000, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(mmu.statistics().refused, 0u);
        walks.response = tlm::TLM_OK_RESPONSE;
        walks.place(0x3000, 0x8000);
        EXPECT_EQ(initiator.write64(0x3000, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE) << "the host's pages are not translated";
        EXPECT_TRUE(seen.empty());
    });
}

TEST_P(HostMmuTest, ErrorsFromBelowComeBack) {
    simulate([&] {
        answer = tlm::TLM_GENERIC_ERROR_RESPONSE;
        EXPECT_EQ(initiator.write64(0, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(initiator.write64(0xffc, 1), tlm::TLM_GENERIC_ERROR_RESPONSE);
        EXPECT_EQ(seen.size(), 2u);
    });
}

TEST_P(HostMmuTest, DebugAccessIsCheckedAndLeavesNoTrace) {
    walks.refuse(0x5000);
    simulate([&] {
        std::uint8_t bytes[16] = {};
        EXPECT_EQ(initiator.debug_read(0x5000, bytes, 8), 0u);
        EXPECT_EQ(initiator.debug_read(0x4ffc, bytes, 8), 4u);
        EXPECT_EQ(initiator.debug_write(0x4ffc, bytes, 8), 4u);
        EXPECT_EQ(initiator.debug_read(memory_size - 4, bytes, 8), 4u);
        walks.allow_reading(0x6000);
        std::uint64_t value = 0;
        EXPECT_OK(initiator.read64(0x6000, value));
        EXPECT_EQ(initiator.debug_read(0x6000, bytes, 8), 8u);
        EXPECT_EQ(initiator.debug_write(0x6000, bytes, 8), 0u);
        EXPECT_EQ(walks.walks.size(), 1u);
        EXPECT_EQ(mmu.statistics().hits, 0u);
        EXPECT_EQ(mmu.statistics().walks, 1u);
        EXPECT_EQ(mmu.statistics().refused, 0u);
    });
}

TEST_P(HostMmuTest, DirectAccessToTheHostsOwnPagesUntilTheirOwnerChanges) {
    walks.refuse(0x5000);
    walks.lend(0x6000);
    walks.allow_reading(0x7000);
    simulate([&] {
        mmu.invalidate_frames(1, 1);
        EXPECT_TRUE(initiator.withdrawn().empty()) << "nothing was granted";
        EXPECT_TRUE(initiator.request_dmi(0x3008, tlm::TLM_WRITE_COMMAND));
        EXPECT_EQ(initiator.dmi().get_start_address(), 0x3000u);
        EXPECT_EQ(initiator.dmi().get_end_address(), 0x3fffu);
        EXPECT_EQ(initiator.dmi().get_dmi_ptr(), direct + 0x3000);
        EXPECT_FALSE(initiator.request_dmi(0x5000));
        EXPECT_EQ(initiator.dmi().get_start_address(), 0x5000u);
        EXPECT_FALSE(initiator.request_dmi(0x6000)) << "the host's to use, but not its own";
        EXPECT_FALSE(initiator.request_dmi(0x7000, tlm::TLM_WRITE_COMMAND));
        EXPECT_TRUE(initiator.request_dmi(0x7000));
        EXPECT_FALSE(initiator.dmi().is_write_allowed());
        EXPECT_FALSE(initiator.request_dmi(memory_size));
        EXPECT_FALSE(initiator.request_dmi(~Address{0}));
        EXPECT_EQ(mmu.statistics().direct_grants, 2u);
        mmu.invalidate_frames(3, 2);
        ASSERT_EQ(initiator.withdrawn().size(), 1u);
        EXPECT_EQ(initiator.withdrawn()[0], std::make_pair(std::uint64_t{0x3000}, std::uint64_t{0x4fff}));
        mmu.invalidate_frames(0, ~std::uint64_t{0});
        EXPECT_EQ(initiator.withdrawn()[1], std::make_pair(std::uint64_t{0}, ~std::uint64_t{0}));
        checker.target_socket->invalidate_direct_mem_ptr(0x7000, 0x7fff);
        EXPECT_EQ(initiator.withdrawn().size(), 3u) << "what lies below withdraws, too";
        below.on_dmi = [](tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
            dmi.set_start_address(0);
            dmi.set_end_address(memory_size - 1);
            return false;
        };
        EXPECT_FALSE(initiator.request_dmi(0x3008));
        EXPECT_EQ(initiator.dmi().get_end_address(), 0x3fffu) << "nothing is said of pages that were not asked for";
    });
}

TEST_P(HostMmuTest, MoreOftenUsedPagesStay) {
    simulate([&] {
        // Four sets of two ways: pages 0, 4, 8 share a set.
        for (const Address frame : {0u, 4u, 0u, 8u, 0u, 4u}) EXPECT_OK(initiator.write64(frame * page_bytes, 1));
        EXPECT_EQ(mmu.statistics().walks, 4u);
        EXPECT_EQ(mmu.statistics().hits, 2u);
        StatisticsGroup group("host_mmu");
        mmu.collect(group);
        ASSERT_EQ(group.values().size(), 5u);
        EXPECT_EQ(group.values()[1].name, "walks");
        EXPECT_EQ(std::get<std::uint64_t>(group.values()[1].value), 4u);
    });
}

/// Random accesses and changes of owner: each access does what the owners' table says at that moment, all of it or nothing. `told`:
/// whether the MMU is told of changes.
class HostMmuRandomTest : public HostMmuTest {
protected:
    static constexpr Address frames = 12;

    bool runs_as_the_table_says(std::uint64_t seed, bool told) {
        std::mt19937_64 random(seed);
        for (Address frame = 0; frame < frames; ++frame) walks.give_back(frame * page_bytes);
        mmu.invalidate_frames(0, frames);
        for (unsigned step = 1; step <= 60; ++step) {
            if (random() % 3 == 0) {
                change_owner(random() % frames, random() % 4);
                if (told) mmu.invalidate_frames(changed_, 1);
            } else if (!access_as_the_table_says(random, static_cast<std::uint8_t>(step))) {
                return false;
            }
        }
        return true;
    }

private:
    void change_owner(Address frame, std::uint64_t how) {
        changed_ = frame;
        const Address page = frame * page_bytes;
        switch (how) {
            case 0: walks.refuse(page); break;
            case 1: walks.allow_reading(page); break;
            case 2: walks.lend(page); break;
            default: walks.give_back(page); break;
        }
    }
    bool is_allowed(Address start, unsigned size, bool write) const {
        for (Address page = page_base(start); page < start + size; page += page_bytes) {
            const auto found = walks.pages.find(page);
            if (found == walks.pages.end()) continue;
            if (found->second.fault != TranslationFault::none || (write && !found->second.writable)) return false;
        }
        return true;
    }
    bool access_as_the_table_says(std::mt19937_64& random, std::uint8_t value) {
        static constexpr unsigned sizes[] = {1, 8, 64, 4096, 5000, 9000};
        const bool write = random() % 2 == 0;
        const Address start = random() % ((frames - 3) * page_bytes);
        Bytes data(sizes[random() % std::size(sizes)], value);
        const auto size = static_cast<unsigned>(data.size());
        const bool allowed = is_allowed(start, size, write);
        Bytes expected = bytes_at(0, frames * page_bytes);
        if (write && allowed) std::copy(data.begin(), data.end(), expected.begin() + static_cast<std::ptrdiff_t>(start));
        const tlm::tlm_response_status status = write ? initiator.write(start, data) : initiator.read(start, data);
        return status == (allowed ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE) && bytes_at(0, frames * page_bytes) == expected;
    }

    Address changed_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Modes, HostMmuRandomTest, testing::Values(Mode::host, Mode::device),
                         [](const auto& mode) { return std::string(mode.param == Mode::host ? "Host" : "Device"); });

TEST_P(HostMmuRandomTest, EqualsATableThatIsAskedEachTime) {
    simulate([&] {
        for (std::uint64_t seed = 0; seed < 200; ++seed) ASSERT_TRUE(runs_as_the_table_says(seed, true)) << "seed " << seed;
    });
}

TEST_P(HostMmuRandomTest, SeesAnMmuThatIsNotToldOfChanges) {
    simulate([&] {
        int found = 0;
        for (std::uint64_t seed = 0; seed < 20; ++seed) found += !runs_as_the_table_says(seed, false);
        EXPECT_GE(found, 15);
    });
}

TEST(HostMmu, ParametersThatCannotBe) {
    const auto with = [](unsigned entries, unsigned ways, Mode mode) {
        HostMmuParameters p = parameters(mode);
        p.tlb = {entries, ways};
        return p;
    };
    EXPECT_THROW(HostMmuTlm("a", with(0, 2, Mode::host)), InputError);
    EXPECT_THROW(HostMmuTlm("b", with(7, 2, Mode::host)), InputError);
    EXPECT_THROW(HostMmuTlm("c", with(8, 0, Mode::host)), InputError);
    EXPECT_THROW(HostMmuTlm("d", with(130, 65, Mode::host)), InputError);
    EXPECT_THROW(HostMmuTlm("e", with(8, 2, Mode::guest)), InputError);
}

}  // namespace
}  // namespace coffer::test
