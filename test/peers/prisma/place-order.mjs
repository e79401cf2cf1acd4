/**
 * Commits an order and its row of the outbox with Prisma. Arguments: the URL of the database, the order and the row as JSON. It
 * runs beside the client that Prisma generates.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

const [connectionString, order, row] = process.argv.slice(2);
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
try {
  await prisma.$transaction([
    prisma.order.create({ data: JSON.parse(order) }),
    prisma.outbox.create({ data: JSON.parse(row) }),
  ]);
} finally {
  await prisma.$disconnect();
}
