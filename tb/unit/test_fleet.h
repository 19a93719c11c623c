#pragma once

#include "hsvm/fleet_port.h"

namespace coffer {

/// A fleet whose reports say what they were made from, unsigned.
class TestFleet : public FleetPort {
public:
    explicit TestFleet(const crypto::KdfContext& fleet_id) : fleet_id_(fleet_id) {}

    const crypto::KdfContext& fleet_id() const override { return fleet_id_; }
    Bytes report(const VmIdentity& identity, const crypto::Digest& measurement, const Nonce& nonce, const ReportData& data) override {
        Bytes report(identity.begin(), identity.end());
        report.insert(report.end(), measurement.begin(), measurement.end());
        report.insert(report.end(), nonce.begin(), nonce.end());
        report.insert(report.end(), data.begin(), data.end());
        return report;
    }

private:
    const crypto::KdfContext fleet_id_;
};

}  // namespace coffer
