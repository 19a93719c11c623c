#include "memory/dram_tlm.h"

#include <cmath>

#include <fmt/format.h>

#include "common/errors.h"
#include "common/tlm_target.h"

namespace coffer {

DramTlm::DramTlm(const sc_core::sc_module_name& name, const DramParameters& parameters, const DramTraffic& traffic)
    : sc_module(name), target_socket("target_socket"), parameters_(parameters), traffic_(traffic) {
    if (parameters.size == 0) throw InputError("dram.size", "no memory", "at least one byte");
    if (!std::isfinite(parameters.bandwidth) || parameters.bandwidth < 0)
        throw InputError("dram.bandwidth", fmt::format("{} GB/s", parameters.bandwidth), "0 (unlimited) or more");
    for (unsigned bytes = 0; bytes < transfer_times_.size(); ++bytes) transfer_times_[bytes] = compute_transfer_time(bytes);
    target_socket.serve<&DramTlm::b_transport, &DramTlm::transport_dbg, &DramTlm::get_direct_mem_ptr>(*this);
}

sc_core::sc_time DramTlm::compute_transfer_time(unsigned bytes) const {
    return parameters_.bandwidth == 0 ? sc_core::SC_ZERO_TIME : sc_core::sc_time(bytes / parameters_.bandwidth, sc_core::SC_NS);
}

void DramTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, parameters_.size)) return;
    const Address address = payload.get_address();
    const unsigned bytes = payload.get_data_length();
    const bool write = payload.is_write();
    if (!is_plain(payload))
        transfer_runs(payload);
    else if (write)
        memory_.write(address, payload.get_data_ptr(), bytes);
    else
        memory_.read(address, payload.get_data_ptr(), bytes);
    traffic_.add(address, bytes, write);
    const sc_core::sc_time transfer = transfer_time(bytes);
    busy_time_ += transfer;
    delay += parameters_.latency;
    delay += transfer;
    payload.set_dmi_allowed(may_grant(payload));
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void DramTlm::transfer_runs(const tlm::tlm_generic_payload& payload) {
    const bool write = payload.is_write();
    for_each_run(payload, [&](Address address, std::uint8_t* data, unsigned length) {
        if (write)
            memory_.write(address, data, length);
        else
            memory_.read(address, data, length);
        return true;
    });
}

unsigned DramTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    const unsigned length = debug_length(payload, parameters_.size);
    if (payload.is_read()) {
        memory_.read(payload.get_address(), payload.get_data_ptr(), length);
    } else {
        memory_.write(payload.get_address(), payload.get_data_ptr(), length);
    }
    return length;
}

bool DramTlm::may_grant(const tlm::tlm_generic_payload& payload) const {
    return may_grant_ && is_host_access(payload) && may_grant_(page_base(payload.get_address()));
}

bool DramTlm::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    const Address page = page_base(payload.get_address());
    const Address last = page + page_bytes - 1;
    if (page >= parameters_.size || parameters_.size - page < page_bytes || !may_grant(payload)) return refuse_dmi(dmi, page, last);
    granted_ = true;
    dmi.set_dmi_ptr(memory_.frame(page_of(page)));
    dmi.set_start_address(page);
    dmi.set_end_address(last);
    dmi.set_read_latency(parameters_.latency);
    dmi.set_write_latency(parameters_.latency);
    dmi.allow_read_write();
    return true;
}

void DramTlm::set_dmi_policy(std::function<bool(Address)> policy) {
    withdraw_dmi(0, ~Address{0});
    may_grant_ = std::move(policy);
}

void DramTlm::withdraw_dmi(Address first, Address last) {
    if (granted_) target_socket->invalidate_direct_mem_ptr(first, last);
}

void DramTlm::collect(StatisticsGroup& group) const {
    group.add("busy_time", busy_time_ / sc_core::sc_time(1, sc_core::SC_NS), "ns");
    traffic_.collect(group);
}

}  // namespace coffer
