// Lays out graphs with ELK: reads one per line as JSON, writes each with its coordinates on one line.
import { createInterface } from "node:readline";

import ELK from "elkjs/lib/elk.bundled.js";

const elk = new ELK();

for await (const line of createInterface({ input: process.stdin })) {
  const placed = await elk.layout(JSON.parse(line)).catch((error) => ({ error: String(error.message ?? error) }));
  console.log(JSON.stringify(placed));
}
