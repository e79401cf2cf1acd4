/**
 * Places an order in transactions of Prisma that fail. Arguments: the URL of the database, and the number of the order. Prints how
 * each transaction ends, as JSON: `caught`, whose failed statement the application catches, and `lost`, whose connection
 * PostgreSQL ends. It runs beside the client that Prisma generates.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

const [connectionString, id] = process.argv.slice(2);
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
const data = { id: Number(id), customer: 4, item: 'apple' };
const ended = (result) =>
  result.then(
    () => 'resolves',
    () => 'rejects',
  );

const caught = await ended(
  prisma.$transaction(async (transaction) => {
    await transaction.order.create({ data });
    await transaction.order.create({ data }).catch(() => {});
  }),
);
const lost = await ended(
  prisma.$transaction(async (transaction) => {
    await transaction.order.create({ data });
    const [{ pid }] = await transaction.$queryRaw`SELECT pg_backend_pid() AS pid`;
    await prisma.$queryRaw`SELECT pg_terminate_backend(${pid}::int, 10000)`;
    await prisma.$queryRaw`SELECT pg_sleep(0.2)::text`;
    await transaction.order.create({ data: { ...data, id: data.id + 1 } });
  }),
);

console.log(JSON.stringify({ caught, lost }));
await prisma.$disconnect();
