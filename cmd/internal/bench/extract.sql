 (
    company, id, number, status, contract, worker, worker_email, external_id, issue_date, due_date, period_start, period_end, currency,
    total, total_currency, usd_total, usd_currency, rate, payment_group, pdf_url, line_item_id, line_concept, line_description,
    line_quantity, line_amount, line_currency, line_usd_amount, line_usd_currency, line_attachment, updated_at, source, bill_date,
    recorded_at
)
SELECT
    company, toString(d.invoice_id), d.invoice_number, d.status, toString(d.agreement_id), toString(d.worker_id), d.worker_email,
    ifNull(d.external_id, ''), toYYYYMMDD(d.issue_date), toYYYYMMDD(d.due_date), toYYYYMMDD(d.period_start), toYYYYMMDD(d.period_end),
    d.currency, toInt64(d.total_amount * 100), d.currency, toInt64(d.usd_total_amount * 100), 'USD', toString(d.exchange_rate),
    d.payment_group, d.pdf_url, arrayMap(i -> toString(i.item_id), d.items), arrayMap(i -> i.concept, d.items),
    arrayMap(i -> i.description, d.items), arrayMap(i -> toString(i.quantity), d.items),
    arrayMap(i -> toInt64(i.amount * 100), d.items), arrayMap(i -> d.currency, d.items),
    arrayMap(i -> toInt64(i.usd_amount * 100), d.items), arrayMap(i -> 'USD', d.items),
    arrayMap(i -> ifNull(i.attachment_url, ''), d.items), toUnixTimestamp64Micro(parseDateTime64BestEffort(d.updated_at, 6, 'UTC')),
    id, toYYYYMMDD(d.issue_date), now64(6)
FROM
(
    SELECT company, id, JSONExtract(body, 'data',
        'Tuple(invoice_id UInt64, invoice_number String, status String, agreement_id UInt64, worker_id UInt64, worker_email String,
            external_id Nullable(String), issue_date Date32, due_date Date32, period_start Date32, period_end Date32, currency String,
            total_amount Decimal(18, 2), usd_total_amount Decimal(18, 2), exchange_rate Decimal(18, 6), payment_group String,
            items Array(Tuple(item_id UInt64, concept String, description String, quantity UInt64, amount Decimal(18, 2),
                usd_amount Decimal(18, 2), attachment_url Nullable(String))),
            pdf_url String, updated_at String)') AS d
    FROM deliveries
)
