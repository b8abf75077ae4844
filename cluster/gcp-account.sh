#!/usr/bin/env bash
# What cluster/gcp.yaml needs of a project, once, with no more rights than that. Run again it makes what is missing.
#
# The head may start and end instances, as the workers' account alone; workers may use the bucket and nothing else. Take a
# project of its own for it: `ray up` makes an account `ray-autoscaler-sa-v1` with wide rights on the project, which nothing
# here runs as, and puts its ssh key into the project's metadata. Whoever runs `ray up` must be able to do both.
set -euo pipefail

project=my-project # HERE
region=us-central1
bucket=gs://ferray-example # HERE: names of buckets are the whole world's
ssh_from=203.0.113.0/24 # HERE
head=ferray-head@$project.iam.gserviceaccount.com
worker=ferray-worker@$project.iam.gserviceaccount.com

google() { gcloud --quiet --project "$project" "$@"; }
there() { google "$@" >/dev/null 2>&1; }

google services enable compute.googleapis.com iam.googleapis.com cloudresourcemanager.googleapis.com storage.googleapis.com

# A network of its own: ssh from outside, everything among themselves.
there compute networks describe ferray ||
    google compute networks create ferray --subnet-mode=custom
there compute networks subnets describe ferray --region="$region" ||
    google compute networks subnets create ferray --network=ferray --region="$region" --range=10.128.0.0/20 \
        --enable-private-ip-google-access
there compute firewall-rules describe ferray-among-themselves ||
    google compute firewall-rules create ferray-among-themselves --network=ferray --allow=all --source-ranges=10.128.0.0/20
there compute firewall-rules describe ferray-ssh ||
    google compute firewall-rules create ferray-ssh --network=ferray --allow=tcp:22 --source-ranges="$ssh_from"

# The bucket, and the workers' account, which may use it and nothing else.
there storage buckets describe "$bucket" ||
    google storage buckets create "$bucket" --location="$region" --uniform-bucket-level-access --public-access-prevention
there iam service-accounts describe "$worker" || google iam service-accounts create ferray-worker
there iam service-accounts describe "$head" || google iam service-accounts create ferray-head
for account in "$worker" "$head"; do
    google storage buckets add-iam-policy-binding "$bucket" --member="serviceAccount:$account" --role=roles/storage.objectUser
done

# The head's account: instances, and the right to give workers theirs.
role=$(tr - _ <<<ferray)_head
permissions=compute.disks.create,compute.instances.create,compute.instances.delete,compute.instances.get
permissions+=,compute.instances.list,compute.instances.setLabels,compute.instances.setMetadata
permissions+=,compute.instances.setServiceAccount,compute.subnetworks.use,compute.subnetworks.useExternalIp
permissions+=,compute.zoneOperations.get
if there iam roles describe "$role"; then
    google iam roles update "$role" --permissions="$permissions"
else
    google iam roles create "$role" --title="Head of the Ray cluster ferray" --permissions="$permissions"
fi
google projects add-iam-policy-binding "$project" --member="serviceAccount:$head" --role="projects/$project/roles/$role" \
    --condition=None
google iam service-accounts add-iam-policy-binding "$worker" --member="serviceAccount:$head" --role=roles/iam.serviceAccountUser
