// The handshake of a pipeline of eleven stages, whatever its rounds compute.
`include "channel_rules.v"
`include "flow_rules.v"
`include "pipeline_rules.v"

module aes_pipeline_rules (
    input wire clk, input wire rst_n, input wire in_valid, input wire [127:0] in_block, input wire [127:0] in_key, input wire out_ready
);
    wire in_ready, out_valid, started;
    wire [127:0] out_block;
    wire [10:0] filled;
    wire [7:0] held, in_flight, starved;
    `BLOCK block (.*, .\control.filled (filled));
    channel_rules #(.WIDTH(128)) out (.clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready), .payload(out_block));
    flow_rules #(.LONGEST(10)) flow (.*, .takes(in_valid && in_ready));
    pipeline_rules pipeline (.*);

    always @(*) if (started) begin
        valid_waits_for_nothing: assert (out_valid == filled[10]);
        takes_when_it_can: assert (in_ready == (!filled[10] || out_ready));
        full: cover (in_flight == 11);
    end
endmodule
