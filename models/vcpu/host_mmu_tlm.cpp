#include "vcpu/host_mmu_tlm.h"

#include <algorithm>

#include "common/context_payload_tlm.h"
#include "common/errors.h"
#include "common/tlm_target.h"
#include "vcpu/walk_protocol.h"

namespace coffer {

namespace {

/// Whether a walk's answer is that the host may use this very page.
bool allows(const Translation& answer, Address page, bool write) {
    return answer.fault == TranslationFault::none && answer.hpa == page && (answer.writable || !write);
}

Address last_address(std::uint64_t first_frame, std::uint64_t count) {
    const std::uint64_t frames = page_of(~Address{0}) - first_frame;
    return (first_frame + std::min(count - 1, frames)) * page_bytes + page_bytes - 1;
}

}  // namespace

HostMmuTlm::HostMmuTlm(const sc_core::sc_module_name& name, const HostMmuParameters& parameters)
    : sc_module(name),
      target_socket("target_socket"),
      initiator_socket("initiator_socket"),
      walk_socket("walk_socket"),
      parameters_(parameters),
      tlb_(parameters.tlb) {
    if (parameters.mode != Mode::host && parameters.mode != Mode::device)
        throw InputError("host_mmu.mode", "neither the host's nor a device's", "host, device");
    context_.mode = parameters.mode;
    target_socket.serve<&HostMmuTlm::b_transport, &HostMmuTlm::transport_dbg, &HostMmuTlm::get_direct_mem_ptr>(*this);
    initiator_socket.register_invalidate_direct_mem_ptr(this, &HostMmuTlm::withdraw_direct);
}

void HostMmuTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, parameters_.memory_size)) return;
    const Address first = payload.get_address();
    const unsigned reach = reach_of(payload);
    const tlm::tlm_response_status status = check_all(first, reach, payload.is_write(), delay);
    if (status != tlm::TLM_OK_RESPONSE) {
        payload.set_response_status(status);
    } else if (first % page_bytes + reach <= page_bytes) {
        forward(payload, delay);
    } else {
        payload.set_response_status(forward_pieces(payload, delay));
    }
}

tlm::tlm_response_status HostMmuTlm::check(Address page, bool write, sc_core::sc_time& delay) {
    if (tlb_.find(host_vmid, page_of(page), write) != nullptr) return tlm::TLM_OK_RESPONSE;
    while (true) {
        const std::uint64_t changes = changes_;
        walk::AnswerBytes bytes{};
        ContextPayload request;
        request.context = context_;
        tlm::tlm_generic_payload& payload = request.read(walk::request(page, write), bytes.data(), bytes.size());
        walk_socket.b_transport(payload, delay);
        ++walks_;
        if (!payload.is_response_ok()) return tlm::TLM_GENERIC_ERROR_RESPONSE;
        // An answer that was given before a page changed owner, while the walk waited, tells nothing.
        if (changes != changes_) continue;
        const Translation answer = walk::decode(bytes.data());
        if (!allows(answer, page, write)) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
        tlb_.keep(host_vmid, page_of(page), answer);
        return tlm::TLM_OK_RESPONSE;
    }
}

tlm::tlm_response_status HostMmuTlm::check_all(Address first, Address reach, bool write, sc_core::sc_time& delay) {
    std::uint64_t changes = 0;
    do {
        changes = changes_;
        for (Address page = page_base(first); page < first + reach; page += page_bytes) {
            const tlm::tlm_response_status status = check(page, write, delay);
            if (status == tlm::TLM_OK_RESPONSE) continue;
            refused_ += status == tlm::TLM_ADDRESS_ERROR_RESPONSE;
            return status;
        }
    } while (changes != changes_);
    return tlm::TLM_OK_RESPONSE;
}

void HostMmuTlm::forward(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    SecurityContext* const brought = payload.set_extension(&context_);
    initiator_socket.b_transport(payload, delay);
    payload.set_extension(brought);
}

tlm::tlm_response_status HostMmuTlm::forward_pieces(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const bool write = payload.is_write();
    const std::uint64_t changes = changes_;
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    ContextPayload part;
    part.context = context_;
    for_each_run(payload, [&](Address start, std::uint8_t* bytes, unsigned length) {
        return for_each_piece(start, bytes, length, page_bytes, [&](Address address, std::uint8_t* data, unsigned size) {
            // Where what lies below waits, a page may change owner between two pieces.
            if (changes != changes_) status = check_all(address, size, write, delay);
            if (status != tlm::TLM_OK_RESPONSE) return false;
            tlm::tlm_generic_payload& below = part.prepare(payload.get_command(), address, data, size);
            initiator_socket.b_transport(below, delay);
            status = below.get_response_status();
            return below.is_response_ok();
        });
    });
    return status;
}

/// What is known of a page, or a walk would tell, without time or side effects. False where the page is refused. What is raw is a guest's.
bool HostMmuTlm::peek(Address page, bool write, Translation& rights) {
    if (const Translation* const known = tlb_.peek(host_vmid, page_of(page), write)) {
        rights = *known;
        return true;
    }
    walk::AnswerBytes bytes{};
    ContextPayload request;
    request.context = context_;
    if (walk_socket->transport_dbg(request.read(walk::request(page, write), bytes.data(), bytes.size())) != bytes.size()) return false;
    rights = walk::decode(bytes.data());
    return allows(rights, page, write);
}

unsigned HostMmuTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    unsigned done = 0;
    ContextPayload part;
    part.context = context_;
    const unsigned length = debug_length(payload, parameters_.memory_size);
    for_each_piece(payload.get_address(), payload.get_data_ptr(), length, page_bytes, [&](Address address, std::uint8_t* data, unsigned size) {
        Translation rights;
        if (!peek(page_base(address), payload.is_write(), rights)) return false;
        const unsigned count = initiator_socket->transport_dbg(part.prepare(payload.get_command(), address, data, size));
        done += count;
        return count == size;
    });
    return done;
}

bool HostMmuTlm::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    const Address page = page_base(payload.get_address());
    const Address last = page + page_bytes - 1;
    Translation rights;
    const bool inside = page < parameters_.memory_size && parameters_.memory_size - page >= page_bytes;
    if (!inside || !peek(page, payload.is_write(), rights) || rights.raw) return refuse_dmi(dmi, page, last);
    SecurityContext* const brought = payload.set_extension(&context_);
    const bool granted = initiator_socket->get_direct_mem_ptr(payload, dmi);
    payload.set_extension(brought);
    if (!granted || dmi.get_start_address() > page || dmi.get_end_address() < last) return refuse_dmi(dmi, page, last);
    dmi.set_dmi_ptr(dmi.get_dmi_ptr() + (page - dmi.get_start_address()));
    dmi.set_start_address(page);
    dmi.set_end_address(last);
    if (!rights.writable) dmi.set_granted_access(static_cast<tlm::tlm_dmi::dmi_access_e>(dmi.get_granted_access() & tlm::tlm_dmi::DMI_ACCESS_READ));
    granted_ = true;
    ++direct_grants_;
    return true;
}

void HostMmuTlm::withdraw_direct(sc_dt::uint64 first, sc_dt::uint64 last) {
    if (!granted_) return;
    for (int i = 0; i != target_socket.size(); ++i) target_socket[i]->invalidate_direct_mem_ptr(first, last);
}

void HostMmuTlm::invalidate_frames(std::uint64_t first_frame, std::uint64_t count) {
    if (count == 0) return;
    ++changes_;
    tlb_.invalidate_frames(first_frame, count);
    withdraw_direct(first_frame * page_bytes, last_address(first_frame, count));
}

HostMmuTlm::Statistics HostMmuTlm::statistics() const {
    return {tlb_.statistics().hits, walks_, refused_, tlb_.statistics().invalidated, direct_grants_};
}

void HostMmuTlm::collect(StatisticsGroup& group) const {
    const Statistics s = statistics();
    group.add("hits", s.hits, "pages");
    group.add("walks", s.walks, "pages");
    group.add("refused", s.refused, "accesses");
    group.add("invalidated", s.invalidated, "pages");
    group.add("direct_grants", s.direct_grants, "pages");
}

}  // namespace coffer
