import type { WebhookEvent } from '../config/settings.ts';

/** Most endpoints of a tenant. Each outcome is sent to all of them, and the list is read as a whole. */
export const MAX_WEBHOOK_ENDPOINTS = 20;

/** Longest description of an endpoint, in characters. */
export const ENDPOINT_DESCRIPTION_MAX_LENGTH = 500;

/** Most patterns of topics that an endpoint has. */
export const ENDPOINT_MAX_TOPICS = 20;

/** The statuses of an endpoint. */
export const ENDPOINT_STATUSES = ['enabled', 'disabled'] as const;

/** `disabled`: nothing is sent to it. */
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** A receiver of the webhooks of a tenant. Times are milliseconds since 1970. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  /** Which events it gets; those of the service if absent. */
  readonly events?: readonly WebhookEvent[];
  /** Patterns of the topics whose requests it gets; those of all if absent. */
  readonly topics?: readonly string[];
  readonly description?: string;
  readonly createdAt: number;
  readonly status: EndpointStatus;
  /** When deliveries began to fail: the first failure since the last success. Absent if the last delivery succeeded. */
  readonly failingSince?: number;
  /** Why it began to fail or was disabled. */
  readonly lastError?: string;
  /** The number of its secret, from 1. */
  readonly generation: number;
  /** Until when deliveries are also signed with the previous secret. */
  readonly previousUntil?: number;
}

/** What a caller says about a new endpoint. */
export interface NewWebhookEndpoint {
  /** By the rules of callback URLs: https only. */
  readonly url: string;
  /** Which events it gets. @default - those of the service */
  readonly events?: readonly WebhookEvent[];
  /** Patterns of the topics whose requests it gets, such as `images.*`. @default - those of all requests */
  readonly topics?: readonly string[];
  readonly description?: string;
}

/** Changes of an endpoint. Absent members stay as they are; null removes one. */
export interface WebhookEndpointChanges {
  readonly url?: string;
  readonly events?: readonly WebhookEvent[] | null;
  readonly topics?: readonly string[] | null;
  readonly description?: string | null;
  /** `enabled` also forgets earlier failures. */
  readonly status?: EndpointStatus;
}

/** Removes what is known about failures. @returns the same endpoint if there is nothing to remove */
export function healthy(endpoint: WebhookEndpoint): WebhookEndpoint {
  if (endpoint.failingSince === undefined && endpoint.lastError === undefined) return endpoint;
  const { failingSince: _, lastError: __, ...rest } = endpoint;
  return rest;
}

/** Notes the first of several failures. @returns the same endpoint if it is failing already */
export function failing(endpoint: WebhookEndpoint, at: number, lastError: string): WebhookEndpoint {
  return endpoint.failingSince === undefined ? { ...endpoint, failingSince: at, lastError } : endpoint;
}
