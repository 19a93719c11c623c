#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/security_context_tlm.h"
#include "tlm/scripted_target.h"
#include "vcpu/walk_protocol.h"

namespace coffer::test {

/// Answers walks as the test says. Unless told otherwise every page below `end` is at its own address and may be used.
struct PageWalks : ScriptedTarget {
    struct Walk {
        Address page;
        bool write;
        Mode mode;
    };

    explicit PageWalks(const sc_core::sc_module_name& name) : ScriptedTarget(name) {
        on_transport = [this](tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
            const auto* context = payload.get_extension<SecurityContext>();
            walks.push_back({page_base(payload.get_address()), walk::is_write(payload.get_address()), context != nullptr ? context->mode : Mode::host});
            delay += time;
            payload.set_response_status(response);
            answer(payload);
            if (after_answer) after_answer();
        };
        on_debug = [this](tlm::tlm_generic_payload& payload) {
            answer(payload);
            return static_cast<unsigned>(walk::answer_bytes);
        };
    }

    void answer(tlm::tlm_generic_payload& payload) const {
        EXPECT_EQ(payload.get_data_length(), walk::answer_bytes);
        EXPECT_TRUE(walk::is_request(payload.get_address()));
        const Address page = page_base(payload.get_address());
        const auto found = pages.find(page);
        Translation translation = found != pages.end() ? found->second : page < end ? own(page) : none;
        if (walk::is_write(payload.get_address()) && !translation.writable) translation.fault = TranslationFault::refused;
        const walk::AnswerBytes bytes = walk::encode(translation);
        std::copy(bytes.begin(), bytes.end(), payload.get_data_ptr());
    }

    static constexpr Translation none{TranslationFault::refused, 0, false, false};
    static Translation own(Address page) { return {TranslationFault::none, page, false, true}; }
    void place(Address page, Address frame) { pages[page] = own(frame); }
    void refuse(Address page) { pages[page] = none; }
    void allow_reading(Address page) { pages[page] = {TranslationFault::none, page, false, false}; }
    void lend(Address page) { pages[page] = {TranslationFault::none, page, true, true}; }
    void give_back(Address page) { pages.erase(page); }

    std::map<Address, Translation> pages;
    Address end = ~Address{0};  // of the pages that there are
    std::vector<Walk> walks;
    std::function<void()> after_answer;
    sc_core::sc_time time{7, sc_core::SC_NS};
    tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;
};

}  // namespace coffer::test
