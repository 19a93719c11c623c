#pragma once

#include <functional>
#include <string>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

namespace coffer::test {

/// The rules of IEEE 1666-2011 clauses 11 and 14 that can be seen at a socket, applied to every call that is made through it: what the initiator owes
/// (response INCOMPLETE, DMI hint off, b_transport from a thread), and what the target owes (a response, attributes left alone or put back, time that
/// never runs backwards, debug without time).
class ProtocolMonitor {
public:
    using Report = std::function<void(const std::string& fault)>;

    /// Faults fail the test, unless `report` takes them.
    explicit ProtocolMonitor(std::string where, Report report = {});

    template <class Call>
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, Call&& call) {
        before_transport(payload);
        const Snapshot before(payload);
        const sc_core::sc_time start = sc_core::sc_time_stamp() + delay;
        std::forward<Call>(call)();
        after_transport(payload, before, start, sc_core::sc_time_stamp() + delay);
    }

    template <class Call>
    unsigned transport_dbg(tlm::tlm_generic_payload& payload, Call&& call) {
        const Snapshot before(payload);
        const Moment start;
        const unsigned count = std::forward<Call>(call)();
        check_attributes(payload, before);
        check_moment(start, "debug access");
        if (count > payload.get_data_length()) fault("debug access: more bytes than asked for");
        return count;
    }

    template <class Call>
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi, Call&& call) {
        const Snapshot before(payload);
        const Moment start;
        const bool granted = std::forward<Call>(call)();
        check_attributes(payload, before);
        check_moment(start, "DMI request");
        check_dmi(payload, dmi, granted);
        return granted;
    }

    void invalidate_direct_mem_ptr(std::uint64_t first, std::uint64_t last) {
        if (first > last) fault("DMI withdrawn from a range that ends before it begins");
    }

private:
    /// Everything in a payload that a target has to leave alone.
    struct Snapshot {
        explicit Snapshot(const tlm::tlm_generic_payload& payload);

        tlm::tlm_command command;
        std::uint64_t address;
        unsigned char* data;
        unsigned length;
        unsigned width;
        unsigned char* enables;
        unsigned enable_count;
        const void* context;
        std::vector<unsigned char> data_bytes;  // of a write or ignored command
        std::vector<unsigned char> enable_bytes;
    };
    struct Moment {
        sc_core::sc_time time = sc_core::sc_time_stamp();
        sc_dt::uint64 delta = sc_core::sc_delta_count();
    };

    void before_transport(const tlm::tlm_generic_payload& payload);
    void after_transport(const tlm::tlm_generic_payload& payload, const Snapshot& before, const sc_core::sc_time& start, const sc_core::sc_time& end);
    void check_attributes(const tlm::tlm_generic_payload& payload, const Snapshot& before);
    void check_moment(const Moment& start, const std::string& what);
    void check_dmi(const tlm::tlm_generic_payload& payload, const tlm::tlm_dmi& dmi, bool granted);
    void fault(const std::string& text);

    std::string where_;
    Report report_;
};

}  // namespace coffer::test
