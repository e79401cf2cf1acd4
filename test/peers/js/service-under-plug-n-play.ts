/**
 * Runs a request whose payload and result are files, in an embedded service, and prints what became of it.
 * usage: node service-under-plug-n-play.ts PROJECT_FOLDER FILE
 */
const [project, file] = process.argv.slice(2);
const { processor } = await import(`${project}/functions/processor/index.ts`);
const { openService } = await import(`${project}/lib/embedded/index.ts`);
const { listObjects } = await import(`${project}/lib/stores/directory/list-objects.ts`);

const echo = processor((request: { bytes(): Promise<Uint8Array> }) => request.bytes());
const service = await openService({ file, processor: echo });
const { id } = await service.submit('a'.repeat(1_000_000));
const { status, result } = await service.wait(id);
const size = (await result.bytes()).byteLength;
await service.close();

const objects = await Array.fromAsync(listObjects(`${file}-payloads`));
console.log(JSON.stringify({ status, size, objects: objects.length }));
