/** The sizes of memory that a number of CPU units can have, in MiB. */
interface MemorySizes {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/**
 * The sizes of Fargate tasks by their CPU units, 1,024 a vCPU.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
 */
const MEMORY_SIZES: Readonly<Record<number, MemorySizes>> = {
  512: { min: 1_024, max: 4_096, step: 1_024 },
  1024: { min: 2_048, max: 8_192, step: 1_024 },
  2048: { min: 4_096, max: 16_384, step: 1_024 },
  4096: { min: 8_192, max: 30_720, step: 1_024 },
  8192: { min: 16_384, max: 61_440, step: 4_096 },
  16384: { min: 32_768, max: 122_880, step: 8_192 },
};

/** The smallest task has a size besides the multiples of its step. */
const SMALLEST_CPU = 256;
const SMALLEST_MEMORY_MIB = [512, 1_024, 2_048];

/** The problem with the size of a task; undefined if Fargate has it. */
export function fargateSizeProblem(cpu: number, memoryLimitMiB: number): string | undefined {
  const sizes = MEMORY_SIZES[cpu];
  if (!sizes && cpu !== SMALLEST_CPU) {
    const known = [SMALLEST_CPU, ...Object.keys(MEMORY_SIZES)].join(', ');
    return `host.cpu must be one of ${known}, got ${cpu}`;
  }
  if (!sizes) {
    if (SMALLEST_MEMORY_MIB.includes(memoryLimitMiB)) return undefined;
    return `host.memoryLimitMiB must be one of ${SMALLEST_MEMORY_MIB.join(', ')} for a host.cpu of ${cpu}, got ${memoryLimitMiB}`;
  }
  const { min, max, step } = sizes;
  if (memoryLimitMiB >= min && memoryLimitMiB <= max && memoryLimitMiB % step === 0) return undefined;
  return `host.memoryLimitMiB must be a multiple of ${step} from ${min} to ${max} for a host.cpu of ${cpu}, got ${memoryLimitMiB}`;
}
